import { shell } from '../dockerfile-text.ts';
import type { NodeApp } from './node-app.ts';
import { dependencyNames, type Manifest } from './manifest.ts';

export interface BuildStep {
  /** Instructions that begin in /app and end in the app's directory; none: nothing is built. */
  readonly lines: readonly string[];
  readonly reasons: readonly string[];
}

/** The command of the settings, else the build script with those of the members it needs, else `usual`, a program of the installed packages. */
export async function chooseBuildStep(app: NodeApp, usual: string | null): Promise<BuildStep> {
  const { buildCommand } = app.settings;
  const enter = app.path === '/app' ? [] : [`WORKDIR ${app.path}`];
  if (buildCommand !== null) {
    const reason = `build command from the settings: \`${buildCommand}\``;
    return { lines: [...enter, `RUN ${shell(buildCommand)}`], reasons: [reason] };
  }
  if (app.path !== '/app') return memberStep(app, usual);
  if ('build' in app.manifest.scripts)
    return { lines: [`RUN ${app.packageManager.name} run build`], reasons: ['build script found'] };
  return usual === null ? { lines: [], reasons: [] } : usualStep(app, usual);
}

/** Without a build script: another that does the same, such as `docs:build`, else the tool itself. */
function usualStep({ manifest, packageManager: { name, execute } }: NodeApp, usual: string): BuildStep {
  const script = scriptThatRuns(usual, manifest);
  if (script !== null) return { lines: [`RUN ${name} run ${script}`], reasons: [`build by the script ${script}`] };
  return { lines: [`RUN ${execute} ${usual}`], reasons: [`\`${usual}\`, as there is no build script`] };
}

async function memberStep(app: NodeApp, usual: string | null): Promise<BuildStep> {
  const { name } = app.packageManager;
  const own = 'build' in app.manifest.scripts;
  const orchestrated = own ? await orchestrator(app) : null;
  if (orchestrated !== null) return { ...orchestrated, lines: [...orchestrated.lines, `WORKDIR ${app.path}`] };
  const built = app.needed.filter(({ manifest }) => 'build' in manifest.scripts);
  const lines = built.flatMap(({ path }) => [`WORKDIR /app/${path}`, `RUN ${name} run build`]);
  const reasons =
    built.length === 0 ? [] : [`build scripts of ${built.map(({ path }) => path).join(', ')}, in this order`];
  if (own) return { lines, reasons };
  if (usual === null) return { lines: lines.length === 0 ? [] : [...lines, `WORKDIR ${app.path}`], reasons };
  const last = usualStep(app, usual);
  return { lines: [...lines, `WORKDIR ${app.path}`, ...last.lines], reasons: [...reasons, ...last.reasons] };
}

function scriptThatRuns(command: string, { scripts }: Manifest): string | null {
  const found = Object.entries(scripts).find(
    ([name, line]) =>
      /^[\w:-]+$/.test(name) && `${line.trim()} `.startsWith(`${command} `) && !/--(?:serve|watch)\b/.test(line),
  );
  return found?.[0] ?? null;
}

/**
 * Turborepo and Nx know themselves what has to be built before the app. Their caches are not kept: variables that nobody told them of would not count, and
 * a changed one would bring the old build.
 */
async function orchestrator(app: NodeApp): Promise<BuildStep | null> {
  const { workspace, manifest } = app;
  if (workspace === null || manifest.name === null || !/^[@\w][\w@./-]*$/.test(manifest.name)) return null;
  const tools = dependencyNames(workspace.manifest);
  if (tools.has('turbo') && (await workspace.files.isFile('turbo.json'))) {
    const command = ['node_modules/.bin/turbo', 'run', 'build', `--filter=${manifest.name}`, '--env-mode=loose'];
    return { lines: run(command, 'TURBO_TELEMETRY_DISABLED=1'), reasons: ['built by Turborepo (`turbo.json`)'] };
  }
  if (tools.has('nx') && (await workspace.files.isFile('nx.json'))) {
    const command = ['node_modules/.bin/nx', 'run', `${await nxProject(app, manifest.name)}:build`];
    return { lines: run(command, 'NX_DAEMON=false'), reasons: ['built by Nx (`nx.json`)'] };
  }
  return null;
}

function run(command: readonly string[], environment: string): readonly string[] {
  return [`ENV ${environment}`, `RUN ${JSON.stringify(command)}`];
}

async function nxProject({ files }: NodeApp, packageName: string): Promise<string> {
  const name = /"name"\s*:\s*"([@\w][\w@./-]*)"/.exec((await files.read('project.json')) ?? '')?.[1];
  return name ?? packageName;
}
