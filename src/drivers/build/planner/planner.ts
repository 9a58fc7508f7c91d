import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import { variableName } from '../../../domain/variables.ts';
import type { Planner } from '../../../engine/ports/builder.ts';
import { openCheckout } from './app-files.ts';
import type { App } from './app.ts';
import { detect, detectionTrail, type Detection, type TriedRule } from './detect.ts';
import { planPreset } from './presets.ts';

/** To be raised with every change that can lead to another plan for the same checkout and settings. */
const plannerVersion = '3';

/**
 * Our own rules table (rule 3.1). Nothing of the repository is ever run, and nothing outside of it is read. Besides the port's errors: `invalid_input`
 * for settings that no Dockerfile can hold. Cache mounts in the Dockerfiles it writes have no id: that has to name the project, which a plan does not know.
 */
export function createPlanner(): Planner {
  return { version: plannerVersion, plan: planCheckout };
}

/** The plan's reasons in one line, for people. */
export function explainPlan(plan: BuildPlan): string {
  return `${plan.preset}: ${plan.explanation.join('; ')}`;
}

/** The rules that `plan` asks for these settings, in order; none where the preset is set. Errors: those of `plan`. */
export async function tryRules(checkoutPath: string, settings: BuildSettings): Promise<readonly TriedRule[]> {
  return settings.preset === 'auto' ? detectionTrail(await openApp(checkoutPath, settings)) : [];
}

async function planCheckout(checkoutPath: string, settings: BuildSettings): Promise<BuildPlan> {
  checkBuildEnv(settings);
  const app = await openApp(checkoutPath, settings);
  const { preset, explanation } = await choosePreset(app);
  const plan = await planPreset[preset](app, explanation);
  return { ...plan, explanation: [...new Set(plan.explanation)] };
}

async function openApp(checkoutPath: string, settings: BuildSettings): Promise<App> {
  const checkout = openCheckout(checkoutPath);
  return { checkout, files: await checkout.open(settings.directory), settings };
}

async function choosePreset(app: App): Promise<Detection> {
  const { preset } = app.settings;
  return preset === 'auto' ? detect(app) : { preset, explanation: [`preset ${preset} from the settings`] };
}

function checkBuildEnv(settings: BuildSettings): void {
  const wrong = Object.keys(settings.buildEnv).find((name) => !variableName.test(name));
  if (wrong !== undefined) throw new CutoverError('invalid_input', `"${wrong}" is not a name of a build variable`);
}
