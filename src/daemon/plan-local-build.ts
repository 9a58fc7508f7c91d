import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { PlanBuildOptions } from '../cli/local-operations.ts';
import { checkAppConfigDocument } from '../contract/app-config-document.ts';
import type { BuildPlanReport } from '../contract/build-plan-report.ts';
import { applyAppBuild } from '../domain/app-config/apply.ts';
import { defaultBuildSettings, type BuildSettings } from '../domain/build-settings.ts';
import { CutoverError } from '../domain/errors.ts';
import { buildSettingsProblem } from '../domain/settings-rules.ts';
import { AppConfigFiles } from '../drivers/app-config/app-config-files.ts';
import { repositoryAround } from '../drivers/app-config/config-directory.ts';
import { createNixpacksPlanner } from '../drivers/build/nixpacks/nixpacks-planner.ts';
import { createPlanner, tryRules } from '../drivers/build/planner/planner.ts';

/** As a deployment of the repository around the directory would plan it, with what `cutover.yaml` says. */
export async function planLocalBuild(
  options: PlanBuildOptions,
  nixpacks: string,
  signal: AbortSignal,
): Promise<BuildPlanReport> {
  const app = await realpath(resolve(options.directory)).catch((error: unknown) => {
    throw new CutoverError('directory_not_found', `there is no directory \`${options.directory}\``, { cause: error });
  });
  const checkout = await repositoryAround(app);
  const directory = relative(checkout, app);
  const settings = { ...defaultBuildSettings, ...options.build, directory };
  const problem = buildSettingsProblem(settings);
  if (problem !== null) throw new CutoverError('invalid_input', `${problem.field} ${problem.message}`);
  const { config } = await new AppConfigFiles({ check: checkAppConfigDocument }).read(checkout, directory, signal);
  const applied = applyAppBuild(settings, config);
  const plan = await planWith(nixpacks, checkout, applied, signal);
  const rules = options.explain && plan.builder === undefined ? { rules: await tryRules(checkout, applied) } : {};
  return { ...plan, directory, ...rules };
}

/** Nothing of it is left, here or in the directory of the app. */
async function planWith(binary: string, checkout: string, settings: BuildSettings, signal: AbortSignal) {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-plan-'));
  try {
    const planner = await createNixpacksPlanner({ planner: createPlanner(), binary, dir, forBuilds: false });
    return await planner.plan(checkout, settings, signal);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
