import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { visibleVariables } from '../build-variables.ts';
import { withCaches, type CacheMount } from '../cache-mount.ts';
import { dockerfileOf } from '../dockerfile-text.ts';
import type { StartCommand } from '../start.ts';
import type { BuildStep } from './build-step.ts';
import { installStages } from './install-stages.ts';
import { devPackageOf } from './dev-packages.ts';
import { dependencyNames } from './manifest.ts';
import { needsInstall, type NodeApp } from './node-app.ts';

/** What is built. */
export interface BuildParts {
  readonly app: NodeApp;
  readonly build: BuildStep;
  /** `NAME=value`, while building. */
  readonly buildEnvironment?: readonly string[];
  /** Directories below the app's in which its tools keep what they made, for the next build. */
  readonly caches?: readonly string[];
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
  const all = devPackageOf(image.start.command, app.manifest) !== null;
  const packages = `COPY --from=${all ? 'install' : 'production'} ${owner} /app ./`;
  if (build.lines.length === 0 && app.path === '/app') {
    const last = [...lastHead(app), packages, `COPY ${owner} . .`];
    return dockerfileOf(installStages(app, all ? 'all' : 'production'), [...last, ...tail(image)]);
  }
  const copies = keptPaths(app).map((path) => `COPY --from=build ${owner} ${built}/${path} ./${path}`);
  return dockerfileOf(
    installStages(app, all ? 'all' : build.lines.length === 0 ? 'production' : 'both'),
    [...buildStage(image, build.lines.length === 0 ? app.image : 'install'), ...setAside(image)],
    [...lastHead(app), packages, ...copies, ...tail(image)],
  );
}

/** Instructions of the stage `build`: the source, and what is made of it. `from` is a base image where nothing is installed. */
export function buildStage(image: BuildParts, from = 'install'): readonly string[] {
  const { app, build, buildEnvironment = [] } = image;
  return [
    `FROM ${from} AS build`,
    ...(from === 'install' ? [] : ['WORKDIR /app', ...visibleVariables(app.settings)]),
    ...(buildEnvironment.length === 0 ? [] : [`ENV ${buildEnvironment.join(' ')}`]),
    ...(app.sourceFirst === null || from !== 'install' ? ['COPY . .'] : []),
    ...withCaches(build.lines, buildCaches(image)),
  ];
}

/** Where most tools keep something, and where those of the preset do. A second build at the same time begins with empty ones. */
function buildCaches({ app, caches = [] }: BuildParts): readonly CacheMount[] {
  const below = needsInstall(app) ? ['node_modules/.cache', ...caches] : caches;
  return below.map((directory) => ({ target: `${app.path}/${directory}`, sharing: 'private' as const }));
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
export function pruneStep({ packageManager: { prune, cache }, path }: NodeApp): readonly string[] {
  if (prune === null) return [];
  const line = withCaches([`RUN ${prune}`], [cache]);
  return path === '/app' ? line : ['WORKDIR /app', ...line];
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
  const keepsAll = devPackageOf(image.start.command, app.manifest) !== null;
  const removed = without.length === 0 ? [] : [`RUN rm -rf ${without.join(' ')}`];
  return dockerfileOf(
    installStages(app, 'all'),
    [...buildStage(image), ...removed, ...(needsInstall(app) && !keepsAll ? pruneStep(app) : [])],
    [...lastHead(app), `COPY --from=build ${owner} /app ./`, ...tail(image)],
  );
}

/** Where the stage `build` puts what the last stage takes besides packages. */
const built = '/built';

/**
 * What the image needs of the app, without the packages, which come from another stage. It is copied, because taking thousands of files out of a layer
 * takes longer.
 */
function setAside({ app, without = [] }: ServerImage): readonly string[] {
  const members = app.workspace?.members.map(({ path }) => `/app/${path}`) ?? [];
  const left = [
    ...['/app', ...members].map((directory) => `${directory}/node_modules`),
    ...without.map((name) => `${app.path}/${name}`),
  ];
  const copy = `require('fs').cpSync('/app','${built}',{recursive:true,verbatimSymlinks:true,filter:path=>!process.argv.includes(path)})`;
  return [`RUN ${JSON.stringify(['node', '-e', copy, ...left])}`];
}

/** Below the app's root: all of it, or the members that the app is made of. */
function keptPaths({ path, needed }: NodeApp): readonly string[] {
  return path === '/app' ? [''] : needed.map((member) => member.path);
}
