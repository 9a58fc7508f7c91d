import { startMissing, type App } from '../app.ts';
import { givenStart, type StartCommand } from '../start.ts';
import { readDjangoProject, type DjangoProject } from './django.ts';
import { findPythonApps, type PythonApp } from './find-app.ts';
import { firstFile, type PythonProject } from './python-project.ts';

/** How a Python app starts, and what that needs. */
export interface PythonStart extends StartCommand {
  /** A server that is not among the packages of the app; null: none is missing. */
  readonly server: string | null;
  /** Lines after the source is there. */
  readonly prepare: readonly string[];
}

const port = '${PORT:-3000}';
const asgiClasses = 'FastAPI|Starlette|Litestar|Quart|BlackSheep|Sanic';
const wsgiClasses = 'Flask|Bottle|APIFlask';
const scripts = ['main.py', 'app.py', 'server.py', 'run.py', 'start.py', 'bot.py', 'hello.py'];

/**
 * What was said, else Django's own entry, else the module that defines the app, else a script with a usual name. Errors: `start_command_missing` with what
 * was looked for.
 */
export async function choosePythonStart(app: App, project: PythonProject): Promise<PythonStart> {
  const said = await givenStart(app);
  const django = await readDjangoProject(app.files);
  if (said !== null) return { ...said, server: null, prepare: django === null ? [] : collectStatic(django) };
  if (django !== null) return startDjango(django, project);
  const streamlit = await startStreamlit(app, project);
  if (streamlit !== null) return streamlit;
  const [asgi] = await findPythonApps(app.files, { classes: asgiClasses });
  if (asgi !== undefined) return startAsgi(asgi, project);
  const [wsgi] = await findPythonApps(app.files, { classes: wsgiClasses });
  if (wsgi !== undefined) return startWsgi(wsgi, project);
  const script = await firstFile(app.files, scripts);
  if (script !== null) return { command: ['python', script], reason: `\`${script}\` found`, server: null, prepare: [] };
  throw startMissing(
    `nothing says how the app starts; looked for: manage.py (Django), a module with \`app = FastAPI()\` or \`Flask()\`, ${scripts.join(', ')}, a Procfile`,
  );
}

function startDjango(django: DjangoProject, project: PythonProject): PythonStart {
  const { wsgi, asgi } = django;
  const prepare = collectStatic(django);
  const asynchronous = ['uvicorn', 'daphne', 'hypercorn'].find((name) => project.packages.has(name));
  if (asgi !== null && asynchronous !== undefined && !project.packages.has('gunicorn')) {
    return { ...started(asgiCommand(asynchronous, asgi), `Django's \`${asgi}\`, by ${asynchronous}`), prepare };
  }
  const entry = wsgi ?? asgi;
  if (entry === null) {
    throw startMissing(
      `manage.py names the settings \`${django.settings}\`, but there is neither the WSGI nor the ASGI application that goes with them: set the start command`,
    );
  }
  const worker = wsgi === null ? ' --worker-class uvicorn.workers.UvicornWorker' : '';
  const known = project.packages.has('gunicorn');
  const reason = `Django's \`${entry}\`, by gunicorn${known ? '' : ' (added, as no server is among the packages)'}`;
  return {
    ...started(`gunicorn${worker} --bind 0.0.0.0:${port} ${entry}`, reason),
    server: known ? null : 'gunicorn',
    prepare,
  };
}

function startAsgi(found: PythonApp, project: PythonProject): PythonStart {
  const servers = ['uvicorn', 'hypercorn', 'daphne'];
  const standard = project.extras.has('fastapi[standard]') || project.extras.has('fastapi[all]');
  const server = servers.find((name) => project.packages.has(name)) ?? 'uvicorn';
  const missing = !standard && !project.packages.has(server);
  const root = found.root === '' ? '' : server === 'uvicorn' ? ` --app-dir ${found.root}` : '';
  const factory = found.factory && server === 'uvicorn' ? ' --factory' : '';
  const line = `${asgiCommand(server, `${found.module}:${found.name}`)}${root}${factory}`;
  return { ...started(line, whereFound(found, server, missing)), server: missing ? server : null };
}

function startWsgi(found: PythonApp, project: PythonProject): PythonStart {
  const waitress = project.packages.has('waitress') && !project.packages.has('gunicorn');
  const missing = !waitress && !project.packages.has('gunicorn');
  const reason = whereFound(found, waitress ? 'waitress' : 'gunicorn', missing);
  const target = `${found.module}:${found.name}`;
  if (waitress)
    return started(`waitress-serve --listen=0.0.0.0:${port}${found.factory ? ' --call' : ''} ${target}`, reason);
  const root = found.root === '' ? '' : ` --chdir ${found.root}`;
  const line = `gunicorn --bind 0.0.0.0:${port}${root} ${found.factory ? `'${target}()'` : target}`;
  return { ...started(line, reason), server: missing ? 'gunicorn' : null };
}

async function startStreamlit({ files }: App, project: PythonProject): Promise<PythonStart | null> {
  if (!project.packages.has('streamlit')) return null;
  const script = await firstFile(files, ['streamlit_app.py', 'Home.py', ...scripts]);
  if (script === null) return null;
  const line = `streamlit run ${script} --server.address 0.0.0.0 --server.port ${port} --server.headless true`;
  return started(line, `Streamlit and \`${script}\` found`);
}

function asgiCommand(server: string, target: string): string {
  if (server === 'daphne') return `daphne -b 0.0.0.0 -p ${port} ${target}`;
  if (server === 'hypercorn') return `hypercorn --bind 0.0.0.0:${port} ${target}`;
  return `uvicorn --host 0.0.0.0 --port ${port} ${target}`;
}

function whereFound({ file, name, factory }: PythonApp, server: string, added: boolean): string {
  const what = factory ? `\`def ${name}()\`` : `\`${name}\``;
  return `${what} found in \`${file}\`, started by ${server}${added ? ' (added, as no server is among the packages)' : ''}`;
}

/** By a shell, for the port, that the server takes the place of. */
function started(line: string, reason: string): PythonStart {
  return { command: ['sh', '-c', `exec ${line}`], reason, server: null, prepare: [] };
}

function collectStatic({ collectsStatic }: DjangoProject): readonly string[] {
  if (!collectsStatic) return [];
  const hint = 'collectstatic failed: give the settings what they need as build variables, or set a build command';
  return [`RUN python manage.py collectstatic --noinput || { echo "${hint}" >&2; exit 1; }`];
}
