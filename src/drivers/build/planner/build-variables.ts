import { buildEnvironmentHash } from '../../../domain/build-secrets.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';

/** What makes the build environment visible to the steps that follow in the stage: the settings' variables, and the secrets of the project. */
export function visibleVariables({ buildEnv }: BuildSettings): readonly string[] {
  return [buildEnvironmentHash, ...Object.keys(buildEnv)].map((name) => `ARG ${name}`);
}
