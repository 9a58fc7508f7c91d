import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { dockerfileOf } from '../dockerfile-text.ts';
import type { StartCommand } from '../start.ts';
import type { BuildStep } from './build-step.ts';
import { installStages } from './install-stages.ts';
import { dependencyNames } from './manifest.ts';
import { needsInstall, type NodeApp } from './node-app.ts';

/** What is built. */
export interface BuildParts {
  readonly app: NodeApp;
  readonly build: BuildStep;
  /** `NAME=value`, while building. */
  readonly buildEnvironment?: readonly string[];
}

/** How a Node app that answers requests becomes an image. */
export interface ServerImage extends BuildParts {
  readonly start: StartCommand;
  /** `NAME=value`, at run time, beside NODE_ENV. */
  readonly environment?: readonly string[];
  /** Directories below the app's that the image does without. */
  readonly without?: readonly string[];
}

/** Packages whose tools write into node_modules while the app is built, so that packages installed apart would lack something. */
const generators = ['prisma', '@prisma/client', 'zenstack', 'patch-package'];

/** Ids, so that it also works in an image that knows no user of that id by name. */
export const owner = '--chown=1000:1000';

/** The app with all its files and the packages it needs at run time, in layers of their own where that is safe. */
export function serverDockerfile(image: ServerImage): string {
  const { app, build } = image;
  if (!needsInstall(app) && build.lines.length === 0)
    return dockerfileOf([...lastHead(app), `COPY ${owner} . .`, ...tail(image)]);
  if (!needsInstall(app)) {
    const last = [...lastHead(app), `COPY --from=build ${owner} /app ./`, ...tail(image)];
    return dockerfileOf([...buildStage(image, app.image)], last);
  }
  if (!packagesApart(app)) return prunedDockerfile(image);
  if (build.lines.length === 0 && app.path === '/app') {
    const last = [...lastHead(app), `COPY --from=production ${owner} /app ./`, `COPY ${owner} . .`];
    return dockerfileOf(installStages(app, 'production'), [...last, ...tail(image)]);
  }
  const copies = keptPaths(app).map((path) => `COPY --from=build ${owner} /app/${path} ./${path}`);
  return dockerfileOf(
    installStages(app, build.lines.length === 0 ? 'production' : 'both'),
    [...buildStage(image, build.lines.length === 0 ? app.image : 'install'), ...cleaning(image)],
    [...lastHead(app), `COPY --from=production ${owner} /app ./`, ...copies, ...tail(image)],
  );
}

/** Instructions of the stage `build`: the source, and what is made of it. `from` is a base image where nothing is installed. */
export function buildStage(image: BuildParts, from = 'install'): readonly string[] {
  const { app, build, buildEnvironment = [] } = image;
  return [
    `FROM ${from} AS build`,
    ...(from === 'install' ? [] : ['WORKDIR /app', ...Object.keys(app.settings.buildEnv).map((name) => `ARG ${name}`)]),
    ...(buildEnvironment.length === 0 ? [] : [`ENV ${buildEnvironment.join(' ')}`]),
    ...(app.sourceFirst === null || from !== 'install' ? ['COPY . .'] : []),
    ...build.lines,
  ];
}

/** What the last stage ends with. */
export function tail({ app, start, environment = [] }: ServerImage): readonly string[] {
  const own = app.path === '/app' ? '' : `${app.path}/node_modules/.bin:`;
  const variables = ['NODE_ENV=production', ...environment, `PATH=${own}/app/node_modules/.bin:$PATH`];
  return [
    ...(app.path === '/app' ? [] : [`WORKDIR ${app.path}`]),
    `ENV ${variables.join(' ')}`,
    'USER 1000:1000',
    `CMD ${JSON.stringify(start.command)}`,
  ];
}

export function lastHead(app: NodeApp): readonly string[] {
  return [`FROM ${app.image}`, 'WORKDIR /app', 'RUN chown 1000:1000 /app'];
}

/** What every plan on Node says of itself. */
export function nodePlan(
  app: NodeApp,
  plan: Pick<BuildPlan, 'preset' | 'explanation' | 'dockerfile' | 'output'>,
): BuildPlan {
  const { workspace } = app;
  return {
    ...plan,
    target: null,
    baseImages: [app.image],
    buildArgs: app.settings.buildEnv,
    ...(workspace === null || workspace.appPath === '' ? {} : { contextDirectory: workspace.directory }),
  };
}

/** Removes what is not needed at run time in place; null where the package manager cannot. */
export function pruneStep({ packageManager: { prune }, path }: NodeApp): readonly string[] {
  if (prune === null) return [];
  return path === '/app' ? [`RUN ${prune}`] : ['WORKDIR /app', `RUN ${prune}`];
}

function packagesApart(app: NodeApp): boolean {
  if (app.sourceFirst !== null) return false;
  const manifests = [app.manifest, ...app.needed.map(({ manifest }) => manifest)];
  const names = new Set(manifests.flatMap((manifest) => [...dependencyNames(manifest)]));
  return !generators.some((name) => names.has(name));
}

/** One stage with everything, without dev dependencies in the end. */
function prunedDockerfile(image: ServerImage): string {
  const { app, without = [] } = image;
  const removed = without.length === 0 ? [] : [`RUN rm -rf ${without.join(' ')}`];
  return dockerfileOf(
    installStages(app, 'all'),
    [...buildStage(image), ...removed, ...(needsInstall(app) ? pruneStep(app) : [])],
    [...lastHead(app), `COPY --from=build ${owner} /app ./`, ...tail(image)],
  );
}

/** The packages come from another stage. */
function cleaning({ app, without = [] }: ServerImage): readonly string[] {
  if (app.workspace === null) return [`RUN rm -rf ${['node_modules', ...without].join(' ')}`];
  const directories = without.map((name) => `${app.path}/${name}`);
  const all = 'find /app -name node_modules -prune -exec rm -rf {} +';
  return [`RUN ${[all, ...(directories.length === 0 ? [] : [`rm -rf ${directories.join(' ')}`])].join(' && ')}`];
}

/** Below /app: all of it, or the members that the app is made of. */
function keptPaths({ path, needed }: NodeApp): readonly string[] {
  return path === '/app' ? [''] : needed.map((member) => member.path);
}
