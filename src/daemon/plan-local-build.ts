import { realpath } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { PlanBuildOptions } from '../cli/local-operations.ts';
import { checkAppConfigDocument } from '../contract/app-config-document.ts';
import type { BuildPlanReport } from '../contract/build-plan-report.ts';
import { applyAppBuild } from '../domain/app-config/apply.ts';
import { defaultBuildSettings } from '../domain/build-settings.ts';
import { CutoverError } from '../domain/errors.ts';
import { buildSettingsProblem } from '../domain/settings-rules.ts';
import { AppConfigFiles } from '../drivers/app-config/app-config-files.ts';
import { repositoryAround } from '../drivers/app-config/config-directory.ts';
import { createPlanner, tryRules } from '../drivers/build/planner/planner.ts';

/** As a deployment of the repository around the directory would plan it, with what `cutover.yaml` says. */
export async function planLocalBuild(options: PlanBuildOptions, signal: AbortSignal): Promise<BuildPlanReport> {
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
  const rules = options.explain ? { rules: await tryRules(checkout, applied) } : {};
  return { ...(await createPlanner().plan(checkout, applied)), directory, ...rules };
}
