import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { variableName } from '../../../domain/variables.ts';
import type { Planner } from '../../../engine/ports/builder.ts';
import { openAppFiles, type AppFiles } from './app-files.ts';
import { detect, type Detection } from './detect.ts';
import { planDockerfile } from './plan-dockerfile.ts';
import { planNode } from './plan-node.ts';
import { planStatic } from './plan-static.ts';
import { planVite } from './plan-vite.ts';

/** To be raised with every change that can lead to another plan for the same checkout and settings. */
const plannerVersion = '1';

/**
 * Our own rules table (rule 3.1). Besides the port's errors: `invalid_input` for settings that no Dockerfile can hold.
 * The Dockerfiles it writes use no cache mounts: their ids would have to name the project, which a plan does not know.
 */
export function createPlanner(): Planner {
  return { version: plannerVersion, plan: planCheckout };
}

/** The plan's reasons in one line, for people. */
export function explainPlan(plan: BuildPlan): string {
  return `${plan.preset}: ${plan.explanation.join('; ')}`;
}

type PlanPreset = (files: AppFiles, settings: BuildSettings, seen: readonly string[]) => Promise<BuildPlan>;

const planPreset: Readonly<Record<BuildPlan['preset'], PlanPreset>> = {
  dockerfile: planDockerfile,
  static: planStatic,
  vite: planVite,
  node: planNode,
};

async function planCheckout(checkoutPath: string, settings: BuildSettings): Promise<BuildPlan> {
  checkBuildEnv(settings);
  const files = await openAppFiles(checkoutPath, settings.directory);
  const { preset, explanation } = await choosePreset(files, settings);
  return planPreset[preset](files, settings, explanation);
}

async function choosePreset(files: AppFiles, settings: BuildSettings): Promise<Detection> {
  if (settings.preset === 'auto') return detect(files, settings);
  return { preset: settings.preset, explanation: [`preset ${settings.preset} from the settings`] };
}

function checkBuildEnv(settings: BuildSettings): void {
  const wrong = Object.keys(settings.buildEnv).find((name) => !variableName.test(name));
  if (wrong !== undefined) throw new CutoverError('invalid_input', `"${wrong}" is not a name of a build variable`);
}
