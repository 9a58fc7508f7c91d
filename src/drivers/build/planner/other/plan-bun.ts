import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, startMissing, type App } from '../app.ts';
import { visibleVariables } from '../build-variables.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { readManifest, hasDependencies, whySourceBeforeInstall, type Manifest } from '../node/manifest.ts';
import { toCommand } from '../node/start-command.ts';
import { productionStart } from '../node/dev-server.ts';
import { findWorkspace } from '../node/workspace.ts';
import { givenStart, type StartCommand } from '../start.ts';

const entries = ['index.ts', 'server.ts', 'src/index.ts', 'src/server.ts', 'index.tsx', 'index.js', 'server.js'];

/** An app that Bun runs. Errors: `app_not_detected` in a workspace, whose layers are known for Node only. */
export async function planBun(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const manifest = await readManifest(files);
  if (manifest === null) throw notDetected('the preset is bun, but there is no package.json in the app directory');
  const workspace = await findWorkspace(app);
  if (workspace !== null && workspace.appPath !== '') {
    throw notDetected(
      'Bun as the runtime of a member of a workspace is not known yet: set the preset node, or add a Dockerfile',
    );
  }
  const start = await chooseBunStart(app, manifest);
  const version = await chooseBunVersion(app, manifest);
  const image = `oven/bun:${version.tag}-slim`;
  const lock = files.names.find((name) => name === 'bun.lock' || name === 'bun.lockb') ?? null;
  return {
    preset: 'bun',
    explanation: [
      ...seen,
      start.reason,
      version.reason,
      ...(lock === null && hasDependencies(manifest)
        ? ['no lock file, so versions may change from build to build']
        : []),
    ],
    dockerfile: bunDockerfile({ app, image, manifest, lock, start }),
    target: null,
    baseImages: [image],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

/** Errors: `start_command_missing` with what was looked for. */
async function chooseBunStart(app: App, manifest: Manifest): Promise<StartCommand> {
  const said = await givenStart(app);
  if (said !== null) return said;
  const script = productionStart(manifest);
  if (script !== null) return { command: toCommand('bun run start', manifest), reason: `start script \`${script}\`` };
  const entry = await firstEntry(app, manifest);
  if (entry !== null) return { command: ['bun', 'run', entry], reason: `\`${entry}\` found` };
  throw startMissing(
    `nothing says how the app starts; looked for: a start script in package.json, \`module\` and \`main\`, ${entries.join(', ')}`,
  );
}

async function firstEntry({ files }: App, { module, main }: Manifest): Promise<string | null> {
  const named = [module, main].filter((name) => name !== null && /^[\w./-]+$/.test(name));
  for (const name of [...named, ...entries]) if (name !== null && (await files.isFile(name))) return name;
  return null;
}

async function chooseBunVersion(
  { files }: App,
  manifest: Manifest,
): Promise<{ readonly tag: string; readonly reason: string }> {
  const field = /^bun@(\d+\.\d+\.\d+)/.exec(manifest.packageManager ?? '')?.[1];
  if (field !== undefined) return { tag: field, reason: `Bun ${field} from \`packageManager\`` };
  const file = /^v?(\d+\.\d+\.\d+)\s*$/.exec((await files.read('.bun-version')) ?? '')?.[1];
  if (file !== undefined) return { tag: file, reason: `Bun ${file} from \`.bun-version\`` };
  const engine = /^[~=]?\s*(\d+(?:\.\d+){0,2})$/.exec(manifest.bunEngine ?? '')?.[1];
  if (engine !== undefined) return { tag: engine, reason: `Bun ${engine} from \`engines\`` };
  return { tag: '1', reason: 'Bun 1, the default (no version is asked for)' };
}

interface BunImage {
  readonly app: App;
  readonly image: string;
  readonly manifest: Manifest;
  readonly lock: string | null;
  readonly start: StartCommand;
}

/** With manifests first where nothing else decides what is installed. */
function bunDockerfile({ app: { files, settings }, image, manifest, lock, start }: BunImage): string {
  const whole =
    settings.installCommand !== null ||
    manifest.workspaces !== null ||
    whySourceBeforeInstall(manifest, false) !== null;
  const install =
    settings.installCommand === null
      ? `RUN bun install${lock === null ? '' : ' --frozen-lockfile'}`
      : `RUN ${shell(settings.installCommand)}`;
  const inputs = [
    'package.json',
    lock,
    ...['bunfig.toml', '.npmrc'].filter((name) => files.names.includes(name)),
  ].filter((name) => name !== null);
  const build =
    settings.buildCommand === null
      ? 'build' in manifest.scripts
        ? ['RUN bun run build']
        : []
      : [`RUN ${shell(settings.buildCommand)}`];
  return dockerfileOf(
    [
      `FROM ${image} AS build`,
      'WORKDIR /app',
      ...visibleVariables(settings),
      ...(whole ? ['COPY . .', install] : [`COPY ${inputs.join(' ')} ./`, install, 'COPY . .']),
      ...build,
    ],
    [
      `FROM ${image}`,
      'ENTRYPOINT []',
      'WORKDIR /app',
      'RUN chown 1000:1000 /app',
      'COPY --from=build --chown=1000:1000 /app ./',
      'ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH',
      'USER 1000:1000',
      `CMD ${JSON.stringify(start.command)}`,
    ],
  );
}
