import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { startMissing, type App } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { visibleVariables } from '../build-variables.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { memberAt, parseJson, textOf } from '../plain-data.ts';
import { givenStart, type StartCommand } from '../start.ts';

const entries = [
  'main.ts',
  'main.tsx',
  'server.ts',
  'index.ts',
  'app.ts',
  'mod.ts',
  'main.js',
  'src/main.ts',
  'src/index.ts',
];

/** A Deno app: its packages in a cache of the image, so that nothing is downloaded at the start. */
export async function planDeno(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const config = await readConfig(files);
  const start = await chooseDenoStart(app, config);
  const version = await chooseDenoVersion(files);
  const build =
    settings.buildCommand ?? (textOf(memberAt(config, 'tasks', 'build')) === null ? null : 'deno task build');
  return {
    preset: 'deno',
    explanation: [...seen, start.reason, version.reason, ...(build === null ? [] : [`built by \`${build}\``])],
    dockerfile: denoDockerfile(app, version.image, build, start),
    target: null,
    baseImages: [version.image],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

interface DenoStart extends StartCommand {
  /** Module whose imports are fetched while building; null: those that deno.json names. */
  readonly entry: string | null;
}

/** Errors: `start_command_missing` with what was looked for. */
async function chooseDenoStart(app: App, config: unknown): Promise<DenoStart> {
  const found = await firstEntry(app.files);
  const said = await givenStart(app);
  if (said !== null) return { ...said, entry: found };
  const task = textOf(memberAt(config, 'tasks', 'start'));
  if (task !== null) return { command: taskCommand(task), reason: `task \`start\` (\`${task}\`)`, entry: found };
  if (found === null) {
    throw startMissing(
      `nothing says how the app starts; looked for: a task \`start\` in deno.json, ${entries.join(', ')}`,
    );
  }
  return { command: ['deno', 'run', '--allow-all', found], reason: `\`${found}\` found`, entry: found };
}

/** A plain call of deno is the first process itself, so that it gets SIGTERM. */
function taskCommand(task: string): readonly string[] {
  const plain = /^deno [\w@%+:,./= -]+$/.test(task) && !/ --watch\b/.test(task);
  return plain ? task.split(/ +/) : ['deno', 'task', 'start'];
}

async function firstEntry(files: AppFiles): Promise<string | null> {
  for (const name of entries) if (await files.isFile(name)) return name;
  return null;
}

async function readConfig(files: AppFiles): Promise<unknown> {
  for (const name of ['deno.json', 'deno.jsonc']) {
    const text = await files.read(name);
    if (text !== null) return parseJson(text, name);
  }
  return null;
}

async function chooseDenoVersion(files: AppFiles): Promise<{ readonly image: string; readonly reason: string }> {
  const tools = /^deno[ \t]+(\d+\.\d+\.\d+)/m.exec((await files.read('.tool-versions')) ?? '')?.[1];
  const version = tools ?? /^v?(\d+\.\d+\.\d+)\s*$/.exec((await files.read('.dvmrc')) ?? '')?.[1];
  if (version === undefined)
    return { image: 'denoland/deno:debian', reason: 'the newest Deno (no version is asked for)' };
  return {
    image: `denoland/deno:${version}`,
    reason: `Deno ${version} from \`${tools === undefined ? '.dvmrc' : '.tool-versions'}\``,
  };
}

function denoDockerfile({ settings }: App, image: string, build: string | null, start: DenoStart): string {
  const fetch = start.entry === null ? 'deno install' : `deno install --entrypoint ${start.entry}`;
  return dockerfileOf([
    `FROM ${image}`,
    'ENTRYPOINT []',
    'WORKDIR /app',
    'ENV DENO_DIR=/app/.deno DENO_NO_UPDATE_CHECK=1',
    ...visibleVariables(settings),
    'RUN chown 1000:1000 /app',
    'USER 1000:1000',
    'COPY --chown=1000:1000 . .',
    `RUN ${settings.installCommand === null ? fetch : shell(settings.installCommand)}`,
    ...(build === null ? [] : [`RUN ${shell(build)}`]),
    `CMD ${JSON.stringify(start.command)}`,
  ]);
}
