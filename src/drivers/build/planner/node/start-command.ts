import { startMissing } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { givenStart, type StartCommand } from '../start.ts';
import { isDevServer } from './dev-server.ts';
import { devPackageOf } from './dev-packages.ts';
import type { Manifest } from './manifest.ts';
import type { NodeApp } from './node-app.ts';

/** Scripts for production where `start` is one for development. */
const productionScripts = ['start:prod', 'start:production', 'serve:prod', 'prod'];
const entryFiles = ['server.js', 'server.mjs', 'index.js', 'index.mjs', 'app.js'];

/**
 * The first process of a container gets SIGTERM, and neither npm nor a shell passes it on. So a plain command is the first
 * process itself; anything that needs a shell runs below `relay`. Errors: `start_command_missing` with what was looked for.
 */
export async function chooseStartCommand(app: NodeApp): Promise<StartCommand> {
  const said = await saidStart(app);
  if (said !== null) return said;
  const { files, manifest } = app;
  const script = productionScript(manifest);
  if (script !== null) return startScript(script, manifest);
  const nest = await nestStart(app);
  if (nest !== null) return nest;
  if ('start' in manifest.scripts) return startScript('start', manifest);
  const entry = await findEntry(files, manifest);
  if (entry !== null) return { command: ['node', entry.file], reason: entry.reason };
  const main = manifest.main === null ? '`main` in package.json' : `\`main\` (${manifest.main}, which does not exist)`;
  throw startMissing(
    `nothing says how the app starts; looked for: a start script in package.json, ${main}, ${entryFiles.join(', ')}${membersHint(app)}`,
  );
}

/** For frameworks that know how they start: what was said, else a start script for production, else theirs. */
export async function frameworkStart(app: NodeApp, usual: StartCommand): Promise<StartCommand> {
  const said = await saidStart(app);
  if (said !== null) return said;
  const script = app.manifest.scripts['start'];
  return script === undefined || isDevServer(script) ? usual : startScript('start', app.manifest);
}

async function saidStart(app: NodeApp): Promise<StartCommand | null> {
  const { startCommand } = app.settings;
  if (startCommand === null) return givenStart(app);
  return {
    command: toCommand(startCommand, app.manifest),
    reason: `start command from the settings: \`${startCommand}\``,
  };
}

function startScript(name: string, manifest: Manifest): StartCommand {
  const command = toCommand(`npm run ${name}`, manifest);
  const what = name === 'start' ? 'a start script' : `a script ${name}`;
  const reason = `\`package.json\` with ${what} (\`${manifest.scripts[name]}\`)`;
  const needed = devPackageOf(command, manifest);
  return {
    command,
    reason: needed === null ? reason : `${reason}; as \`${needed}\` is a dev dependency, those are kept`,
  };
}

/** The start script, unless that is for development; then one that is named after production. */
function productionScript({ scripts }: Manifest): string | null {
  const start = scripts['start'];
  if (start !== undefined && !isDevServer(start)) return 'start';
  return productionScripts.find((name) => name in scripts) ?? null;
}

/** Nest compiles into `dist`, below the app's directory where one repository has several. */
async function nestStart({ files, manifest }: NodeApp): Promise<StartCommand | null> {
  if (!('@nestjs/core' in manifest.dependencies) || !('build' in manifest.scripts)) return null;
  const root = /"root"\s*:\s*"([\w./-]+)"/.exec((await files.read('nest-cli.json')) ?? '')?.[1];
  const entry = root === undefined ? 'dist/main' : `dist/${root}/main`;
  return { command: ['node', entry], reason: `what Nest builds, by \`node ${entry}\`` };
}

/** At the root of a workspace the app is probably one of the members. */
function membersHint({ workspace }: NodeApp): string {
  if (workspace === null || workspace.appPath !== '' || workspace.members.length === 0) return '';
  const starting = workspace.members.filter(
    ({ manifest }) => 'start' in manifest.scripts || 'build' in manifest.scripts,
  );
  const paths = (starting.length === 0 ? workspace.members : starting).map(({ path }) => path).slice(0, 10);
  return `. This is the root of a workspace: set the directory to its app, such as ${paths.join(', ')}`;
}

/** What starts the app where no script says so; null when nothing does. A `main` that a build will make is believed. */
export async function findEntry(
  files: AppFiles,
  manifest: Manifest,
): Promise<{ readonly file: string; readonly reason: string } | null> {
  const { main } = manifest;
  if (main !== null && !main.startsWith('/') && !main.split('/').includes('..')) {
    const made = 'build' in manifest.scripts && /^(?:\.\/)?(?:dist|build|out|lib)\//.test(main);
    if (made || (await files.isFile(main)) || (await files.isFile(`${main}.js`)))
      return { file: main, reason: `\`main\` of package.json (\`${main}\`)` };
  }
  for (const file of entryFiles) {
    if (await files.isFile(file)) return { file, reason: `\`${file}\` found` };
  }
  return null;
}

/** A script or setting as arguments; `npm run x` and its like are replaced by what the script says. */
export function toCommand(text: string, manifest: Manifest): readonly string[] {
  const script = inline(text.trim(), manifest, 5);
  return isPlain(script) ? script.split(/[ \t]+/) : ['sh', '-c', relay, script];
}

function inline(text: string, manifest: Manifest, depth: number): string {
  const name = /^(?:(?:npm|pnpm|yarn|bun)(?: run(?:-script)?)?) ([\w:.-]+)$/.exec(text)?.[1];
  const script = name === undefined ? undefined : manifest.scripts[name];
  if (name === undefined || script === undefined || depth === 0) return text;
  const before = manifest.scripts[`pre${name}`];
  const main = inline(script.trim(), manifest, depth - 1);
  return before === undefined ? main : `${inline(before.trim(), manifest, depth - 1)} && ${main}`;
}

/** Words only: nothing that a shell would treat in a special way, and not one of its builtins. */
function isPlain(text: string): boolean {
  const builtins = /^(?:cd|export|set|source|eval|exec|test|ulimit|umask|\.|:)(?: |$)/;
  return /^[\w@%+:,./-][\w@%+=:,./ \t-]*$/.test(text) && !/^\w+=/.test(text) && !builtins.test(text);
}

/**
 * First process for scripts that need a shell: passes SIGTERM to every process of the container and waits for the script to
 * end. The script's own shell notes the signal (`trap :`) instead of dying of it, so that it waits for what it started.
 */
const relay = [
  "trap 'kill -TERM -1' TERM INT",
  '(trap : TERM INT; eval "$0") & child=$!',
  'while :; do wait "$child"; code=$?; kill -0 "$child" 2>/dev/null || exit "$code"; done',
].join('; ');
