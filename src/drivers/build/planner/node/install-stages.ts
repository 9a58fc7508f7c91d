import { visibleVariables } from '../build-variables.ts';
import { withCaches } from '../cache-mount.ts';
import { shell } from '../dockerfile-text.ts';
import type { NodeApp } from './node-app.ts';
import { npmCache } from './package-manager.ts';

/** Fields of package.json that decide what is installed: any other edit leaves the layer of dependencies as it is. */
const manifestFields = [
  'name',
  'bin',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'dependenciesMeta',
  'peerDependenciesMeta',
  'overrides',
  'resolutions',
  'pnpm',
  'patchedDependencies',
  'trustedDependencies',
  'engines',
  'os',
  'cpu',
  'packageManager',
];

/** What members of a workspace need besides, to find and link each other. */
const workspaceFields = ['version', 'workspaces', 'catalog', 'catalogs'];

/** Which sets of packages are wanted: `all` in a stage `install`, those without dev dependencies in a stage `production`. */
export type WantedPackages = 'all' | 'production' | 'both';

/**
 * Stages that end with the packages in /app. With the whole source first there is only `install`, with everything. The build environment is visible to
 * every step but is not part of what other stages copy.
 */
export function installStages(app: NodeApp, wanted: WantedPackages): readonly string[] {
  return app.sourceFirst === null ? manifestsFirst(app, wanted) : sourceFirst(app, app.sourceFirst);
}

function manifestsFirst(app: NodeApp, wanted: WantedPackages): readonly string[] {
  const { installProduction, prune } = app.packageManager;
  if (wanted === 'all') return [...packagesStage(app, 'install'), ...everything(app)];
  if (wanted === 'production') return [...packagesStage(app, 'production'), ...run(app, installProduction)];
  // Quicker than a second install, and scripts of packages run once.
  if (prune !== null) {
    const all = [...packagesStage(app, 'install'), ...everything(app)];
    return [...all, '', 'FROM install AS production', ...run(app, prune)];
  }
  return [
    ...packagesStage(app, 'packages'),
    '',
    'FROM packages AS production',
    ...run(app, installProduction),
    '',
    'FROM packages AS install',
    ...everything(app),
  ];
}

/** The packages of the lock file, and the tool that the build would have to fetch otherwise. */
function everything(app: NodeApp): readonly string[] {
  const { install, add } = app.packageManager;
  return [...run(app, install), ...(app.buildTool === undefined ? [] : run(app, `${add} ${app.buildTool}`))];
}

/** One command of the package manager, which finds again what it has downloaded before. */
function run({ packageManager: { cache } }: NodeApp, command: string): readonly string[] {
  return withCaches([`RUN ${command}`], [cache]);
}

/** Manifests, reduced, and lock file. */
function packagesStage(app: NodeApp, name: string): readonly string[] {
  const { files, directories } = app.inputs;
  const members = app.workspace?.members.map(({ path }) => path) ?? [];
  const manifests = ['package.json', ...members.map((path) => `${path}/package.json`)];
  return [
    '# Only the fields that decide what is installed, so that other edits of package.json keep the layer.',
    `FROM ${app.image} AS manifest`,
    'WORKDIR /app',
    'COPY package.json ./',
    ...members.map((path) => `COPY ${path}/package.json ./${path}/`),
    `RUN ${JSON.stringify(['node', '-e', reduceManifests(app.workspace !== null), ...manifests])}`,
    '',
    ...stageHead(app, name),
    `COPY --from=manifest ${app.workspace === null ? '/app/package.json' : '/app'} ./`,
    ...(files.length === 0 ? [] : [`COPY ${files.join(' ')} ./`]),
    ...directories.map((directory) => `COPY ${directory} ./${directory}`),
  ];
}

function sourceFirst(app: NodeApp, reason: string): readonly string[] {
  const { installCommand } = app.settings;
  const install = installCommand === null ? run(app, app.packageManager.install) : givenInstall(app, installCommand);
  return [
    `# The whole source comes first because of ${reason.replaceAll(/[\r\n]+/g, ' ')}.`,
    ...stageHead(app, 'install'),
    'COPY . .',
    ...install,
  ];
}

/** A command of the user's runs in the app's directory. */
function givenInstall(app: NodeApp, command: string): readonly string[] {
  const moved = app.path !== '/app';
  return [...(moved ? [`WORKDIR ${app.path}`] : []), ...run(app, shell(command)), ...(moved ? ['WORKDIR /app'] : [])];
}

function stageHead(app: NodeApp, name: string): readonly string[] {
  const { tool, environment } = app.packageManager;
  const names = Object.keys(app.settings.buildEnv);
  return [
    `FROM ${app.image} AS ${name}`,
    'WORKDIR /app',
    ...Object.entries({ CI: 'true', ...environment })
      .filter(([variable]) => !names.includes(variable))
      .map(([variable, value]) => `ENV ${variable}=${value}`),
    ...(tool === null ? [] : withCaches([`RUN npm install --global --force ${tool}`], [npmCache])),
    ...visibleVariables(app.settings),
  ];
}

function reduceManifests(inWorkspace: boolean): string {
  const fields = inWorkspace ? [...workspaceFields, ...manifestFields] : manifestFields;
  return [
    `const fs=require('fs'),keep=${JSON.stringify(fields).replaceAll('"', "'")}`,
    'for(const file of process.argv.slice(1)){' +
      "const all=JSON.parse(fs.readFileSync(file,'utf8').replace(/^\\uFEFF/,''))",
    'fs.writeFileSync(file,JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))}',
  ].join(';');
}
