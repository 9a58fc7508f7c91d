import type { BuildPlan } from '../../../../domain/build-plan.ts';
import type { App } from '../app.ts';
import { cleanDirectory } from '../clean-directory.ts';
import { dockerfileOf } from '../dockerfile-text.ts';
import { Signs } from '../signs.ts';
import type { StartCommand } from '../start.ts';
import { chooseBuildStep, type BuildStep } from './build-step.ts';
import { installStages } from './install-stages.ts';
import { readNodeApp, type NodeApp } from './node-app.ts';
import { chooseOutputDirectory, literalOf, withoutComments } from './output-directory.ts';
import { buildStage, lastHead, nodePlan, owner, serverDockerfile, tail, type ServerImage } from './server-image.ts';
import { sitePlan } from './site-image.ts';
import { frameworkStart } from './start-command.ts';

/** What the build of a Next.js app leaves. */
interface NextOutput {
  readonly kind: 'standalone' | 'export' | 'server';
  /** Whether the configuration says so; else it is asked for by the environment of the build. */
  readonly said: boolean;
  /** Next's directory, `.next`. */
  readonly directory: string;
  readonly reason: string;
}

const telemetryOff = 'NEXT_TELEMETRY_DISABLED=1';
/** Next's own server binds to HOSTNAME, which a container sets to its id. */
const everywhere = 'HOSTNAME=0.0.0.0';
const usualStart: StartCommand = { command: ['next', 'start'], reason: 'started by `next start`' };

/**
 * Next.js: the standalone output where the configuration says so or leaves it open, so that the image holds only what is used; files for
 * `output: 'export'`; else the app with its packages in layers apart.
 */
export async function planNext(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'nextjs');
  const start = await frameworkStart(node, usualStart);
  const output = await chooseNextOutput(node, start);
  const build = await chooseBuildStep(node, 'next build');
  if (output.kind === 'export') return exportPlan(node, build, output, seen);
  const started = output.kind === 'standalone' ? 'started by its `server.js`' : start.reason;
  const image = {
    app: node,
    build,
    buildEnvironment: [
      telemetryOff,
      ...(output.kind === 'standalone' && !output.said ? ['NEXT_PRIVATE_STANDALONE=true'] : []),
    ],
    caches: [`${output.directory}/cache`],
    environment: [telemetryOff, everywhere],
    start: output.kind === 'standalone' ? standaloneStart(output) : start,
    without: [`${output.directory}/cache`],
  };
  return nodePlan(node, {
    preset: 'nextjs',
    explanation: [...seen, output.reason, started, ...node.reasons, ...build.reasons],
    dockerfile: output.kind === 'standalone' ? standaloneDockerfile(image, output) : serverDockerfile(image),
    output: { type: 'image' },
  });
}

/** Files go to `out`, or to Next's directory where that has another name. */
async function exportPlan(
  app: NodeApp,
  build: BuildStep,
  { directory, reason }: NextOutput,
  seen: readonly string[],
): Promise<BuildPlan> {
  const output = await chooseOutputDirectory(app, { usual: directory === '.next' ? 'out' : directory });
  const site = {
    app,
    seen: [...seen, reason],
    build,
    output,
    buildEnvironment: [telemetryOff],
    caches: [`${directory}/cache`],
  };
  return sitePlan({ preset: 'nextjs', spa: false, ...site });
}

async function chooseNextOutput(app: NodeApp, start: StartCommand): Promise<NextOutput> {
  const file = await new Signs(app).config('next.config');
  const text = withoutComments(file === null ? '' : ((await app.files.read(file)) ?? ''));
  const named = cleanDirectory(literalOf(text, 'distDir') ?? '') ?? '';
  const directory = named === '' || named.includes(' ') ? '.next' : named;
  const said = literalOf(text, 'output');
  if (said === 'export')
    return { kind: 'export', said: true, directory, reason: `\`output: 'export'\` in \`${file}\`` };
  if (!isNextStart(start)) {
    return { kind: 'server', said: false, directory, reason: 'a start command of its own, so all packages are kept' };
  }
  if (said === 'standalone')
    return { kind: 'standalone', said: true, directory, reason: `\`output: 'standalone'\` in \`${file}\`` };
  if (/\boutput\b/.test(text)) {
    return {
      kind: 'server',
      said: false,
      directory,
      reason: `\`output\` is computed in \`${file}\`, so all packages are kept`,
    };
  }
  return {
    kind: 'standalone',
    said: false,
    directory,
    reason: 'the standalone output, as the configuration leaves it open',
  };
}

/** True for Next's own server; its port and address come from the environment. */
function isNextStart({ command }: StartCommand): boolean {
  const line = command[0] === 'sh' ? (command.at(-1) ?? '') : command.join(' ');
  const options = String.raw`(?: (?:-p|--port|-H|--hostname)[ =]\S+)*`;
  return new RegExp(`^(?:(?:npx )?next start${options}|node \\S*\\bstandalone/\\S*server\\.js)$`).test(line);
}

function standaloneStart({ said }: NextOutput): StartCommand {
  const server = ['node', 'server.js'];
  if (said) return { command: server, reason: '' };
  return { command: ['sh', '-c', '[ ! -f server.js ] || exec node server.js; exec next start'], reason: '' };
}

function standaloneDockerfile(image: ServerImage, output: NextOutput): string {
  const { app } = image;
  const gathered = `RUN ${JSON.stringify(['sh', '-c', gather(app, output)])}`;
  return dockerfileOf(
    installStages(app, 'all'),
    [...buildStage(image), gathered],
    [...lastHead(app), `COPY --from=build ${owner} /standalone ./`, ...tail(image)],
  );
}

/** The server that Next made, with the files that it leaves for a CDN; without one, everything the app needs. */
function gather(app: NodeApp, { directory, said }: NextOutput): string {
  const below = app.path === '/app' ? '' : app.path.slice('/app'.length);
  const made = `${directory}/standalone`;
  const own = `/standalone${below}`;
  const take = [
    `cp -R ${made} /standalone`,
    `mkdir -p ${own}/${directory}`,
    `cp -R ${directory}/static ${own}/${directory}/static`,
    `{ [ ! -d public ] || cp -R public ${own}/; }`,
  ].join(' && ');
  return `if [ -f ${made}${below}/server.js ]; then ${take}; else ${said ? refuse(made, below) : keepAll(app, directory)}; fi`;
}

function refuse(made: string, below: string): string {
  return `echo "the build left no ${made}${below}/server.js: set a start command, or take output from next.config" >&2; exit 1`;
}

function keepAll(app: NodeApp, directory: string): string {
  const prune = app.packageManager.prune === null ? [] : [`(cd /app && ${app.packageManager.prune})`];
  const say = 'echo "Next.js made no standalone output: all packages are kept" >&2';
  return [say, ...prune, `rm -rf ${directory}/cache`, 'cp -R /app /standalone'].join(' && ');
}
