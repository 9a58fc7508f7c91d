import { cp, mkdir, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import type { Planner } from '../../../engine/ports/builder.ts';
import { openCheckout } from '../planner/app-files.ts';
import { readStages } from '../planner/dockerfile-stages.ts';
import { refuseLinksOut } from './refuse-links.ts';
import { failed, runNixpacks } from './run-nixpacks.ts';

export interface NixpacksPlannerOptions {
  /** Makes the plans that are not Nixpacks' own. */
  readonly planner: Planner;
  /** Name or path of the program. */
  readonly binary: string;
  /** Directory for what Nixpacks writes; made where it is missing, and left empty. */
  readonly dir: string;
  /** Whether its files are put into the checkout, so that the plan can be built; without, the plan is for people only. */
  readonly forBuilds: boolean;
  /** Default: 2 minutes. */
  readonly timeoutMs?: number;
}

interface Settings extends Required<NixpacksPlannerOptions> {
  /** null: it is not installed. */
  readonly version: string | null;
}

const never = new AbortController().signal;
const versionLimitMs = 10_000;
/** Of the Dockerfile and of the files that it needs. */
const largestBytes = 4 * 1024 * 1024;

/**
 * Chooses between builders (rule 3.2): the one that is set; with `auto` the repository's Dockerfile, else Nixpacks where it is
 * installed, else the planner. For `auto`, whether it is installed is looked up once. Errors beside the planner's: `nixpacks_missing`,
 * `nixpacks_failed`.
 */
export async function createNixpacksPlanner(options: NixpacksPlannerOptions): Promise<Planner> {
  const { planner, dir } = options;
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const version = await versionOf(options);
  const settings = { timeoutMs: 120_000, ...options, version };
  return {
    version: version === null ? planner.version : `${planner.version} ${version}`,
    plan: (checkoutPath, build, signal = never) => plan(settings, { checkoutPath, build, signal }),
  };
}

async function versionOf({ binary, dir }: NixpacksPlannerOptions): Promise<string | null> {
  try {
    const run = { binary, args: ['--version'], home: dir, timeoutMs: versionLimitMs, signal: never };
    return (await runNixpacks(run)).at(-1) ?? 'nixpacks';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'nixpacks_missing') return null;
    throw error;
  }
}

interface Wanted {
  readonly checkoutPath: string;
  readonly build: BuildSettings;
  readonly signal: AbortSignal;
}

async function plan(settings: Settings, wanted: Wanted): Promise<BuildPlan> {
  const { planner, version } = settings;
  const { checkoutPath, build, signal } = wanted;
  const { builder } = build;
  if (builder === 'dockerfile' || builder === 'static')
    return planner.plan(checkoutPath, { ...build, preset: builder }, signal);
  if (builder === 'nixpacks') return planByNixpacks(settings, wanted, ['builder nixpacks from the settings']);
  if (builder === 'planner' || version === null || build.preset !== 'auto')
    return planner.plan(checkoutPath, build, signal);
  const files = await openCheckout(checkoutPath).open(build.directory);
  if (await files.isFile(build.dockerfile)) return planner.plan(checkoutPath, build, signal);
  return planByNixpacks(settings, wanted, [`no \`${build.dockerfile}\`, and ${version} is installed`]);
}

async function planByNixpacks(
  { binary, dir, timeoutMs, forBuilds }: Settings,
  { checkoutPath, build, signal }: Wanted,
  explanation: readonly string[],
): Promise<BuildPlan> {
  // Refuses a directory that is missing or outside.
  await openCheckout(checkoutPath).open(build.directory);
  const root = await realpath(checkoutPath);
  const app = await realpath(join(root, build.directory));
  await refuseLinksOut(root, app, signal);
  const place = join(app, '.nixpacks');
  // What stands there is of the repository, and may be a link.
  if (forBuilds) await rm(place, { recursive: true, force: true });
  const home = await mkdtemp(join(dir, 'run-'));
  try {
    const out = join(home, 'out');
    await runNixpacks({ binary, args: [...buildArguments(build, out), '--', app], home, timeoutMs, signal });
    const made = join(out, '.nixpacks');
    const dockerfile = await readDockerfile(made);
    if (forBuilds) await cp(made, place, { recursive: true, verbatimSymlinks: true });
    return toPlan(build, dockerfile, explanation);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Each value stands with its option, so that none can be read as one. */
function buildArguments(build: BuildSettings, out: string): readonly string[] {
  const commands = { install: build.installCommand, build: build.buildCommand, start: build.startCommand };
  return [
    'build',
    `--out=${out}`,
    ...Object.entries(build.buildEnv).map(([name, value]) => `--env=${name}=${value}`),
    ...Object.entries(commands).flatMap(([name, command]) => (command === null ? [] : [`--${name}-cmd=${command}`])),
  ];
}

async function readDockerfile(made: string): Promise<string> {
  const path = join(made, 'Dockerfile');
  const size = await stat(path).then(
    (info) => info.size,
    (cause: unknown) => {
      throw failed('it wrote no Dockerfile', cause);
    },
  );
  if (size > largestBytes) throw failed('its Dockerfile is too large');
  return readFile(path, 'utf8');
}

function toPlan(build: BuildSettings, dockerfile: string, explanation: readonly string[]): BuildPlan {
  const { baseImages } = readStages(dockerfile, build.buildEnv, null);
  return {
    preset: 'dockerfile',
    builder: 'nixpacks',
    explanation,
    dockerfile,
    target: null,
    baseImages,
    buildArgs: build.buildEnv,
    output: { type: 'image' },
  };
}
