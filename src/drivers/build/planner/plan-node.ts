import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { AppFiles } from './app-files.ts';
import { findInstallInputs, installStage, shell, sourceFirstReason, type NodeApp } from './install-stage.ts';
import { hasDependencies, readManifest, type Manifest } from './manifest.ts';
import { chooseNodeVersion, nodeImage } from './node-version.ts';
import { choosePackageManager } from './package-manager.ts';
import { chooseStartCommand, type StartCommand } from './start-command.ts';

/** A Node app: install, build if there is a build script, and a last stage without dev dependencies and without root. */
export async function planNode(files: AppFiles, settings: BuildSettings, seen: readonly string[]): Promise<BuildPlan> {
  const manifest = await readManifest(files);
  if (manifest === null) throw noManifest('node');
  const start = await chooseStartCommand(files, manifest, settings.startCommand);
  const { app, reasons } = await readNodeApp(files, manifest, settings);
  const build = buildStep(app);
  const stages = needsInstall(app) || build !== null ? stagedLines(app, build) : plainLines(app);
  return {
    preset: 'node',
    explanation: [...seen, start.reason, ...reasons, ...buildReasons(app, build)],
    dockerfile: [...stages, ...lastLines(start), ''].join('\n'),
    target: null,
    baseImages: [app.image],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

export async function readNodeApp(
  files: AppFiles,
  manifest: Manifest,
  settings: BuildSettings,
): Promise<{ readonly app: NodeApp; readonly reasons: readonly string[] }> {
  const packageManager = await choosePackageManager(files, manifest);
  const version = await chooseNodeVersion(files, manifest);
  const installInputs = await findInstallInputs(files, packageManager);
  const unlocked =
    packageManager.lockFile === null && hasDependencies(manifest)
      ? ['no lock file, so versions may change from build to build']
      : [];
  const app = { image: nodeImage(version), manifest, packageManager, installInputs, settings };
  return { app, reasons: [packageManager.reason, ...unlocked, version.reason] };
}

export function noManifest(preset: string): CutoverError {
  return new CutoverError(
    'app_not_detected',
    `the preset ${preset} was set, but there is no package.json in the app directory`,
  );
}

/** What goes after RUN; null when nothing is built. */
export function buildStep(app: NodeApp): string | null {
  if (app.settings.buildCommand !== null) return shell(app.settings.buildCommand);
  return 'build' in app.manifest.scripts ? `${app.packageManager.name} run build` : null;
}

export function needsInstall(app: NodeApp): boolean {
  return app.settings.installCommand !== null || hasDependencies(app.manifest) || sourceFirstReason(app) !== null;
}

function buildReasons(app: NodeApp, build: string | null): readonly string[] {
  const installed = needsInstall(app) ? [] : ['no dependencies to install'];
  const { buildCommand } = app.settings;
  if (build === null) return installed;
  return [
    ...installed,
    buildCommand === null ? 'build script found' : `build command from the settings: \`${buildCommand}\``,
  ];
}

/** Nothing to install and nothing to build: one stage, one copy. */
function plainLines(app: NodeApp): readonly string[] {
  return [`FROM ${app.image}`, 'WORKDIR /app', 'RUN chown 1000:1000 /app', 'COPY --chown=1000:1000 . .'];
}

function stagedLines(app: NodeApp, build: string | null): readonly string[] {
  const { prune } = app.packageManager;
  const whole = sourceFirstReason(app) !== null;
  const pruned = prune !== null && needsInstall(app) && (build !== null || whole) ? [`RUN ${prune}`] : [];
  return [
    ...installStage(app, build === null),
    '',
    'FROM install AS build',
    ...(whole ? [] : ['COPY . .']),
    ...(build === null ? [] : [`RUN ${build}`]),
    ...pruned,
    '',
    `FROM ${app.image}`,
    'WORKDIR /app',
    'RUN chown 1000:1000 /app',
    'COPY --from=build --chown=1000:1000 /app ./',
  ];
}

/** By number, so that it also works in an image that knows no user of that id by name. */
function lastLines(start: StartCommand): readonly string[] {
  return [
    'ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH',
    'USER 1000:1000',
    `CMD ${JSON.stringify(start.command)}`,
  ];
}
