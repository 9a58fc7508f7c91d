import { buildEnvironmentHash, type BuildSecret } from '../../domain/build-secrets.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';
import { buildScope } from '../../domain/build-trust.ts';
import type { DeploymentRun } from './deployment-run.ts';

/** What a build depends on beside the commit and the settings. */
export interface BuildInputs {
  readonly secrets: readonly BuildSecret[];
  readonly cacheScope: string;
}

export function buildInputs(run: DeploymentRun): BuildInputs {
  return {
    secrets: run.configuration.buildSecrets,
    // By a Dockerfile one can ask for any scope by its name, so nobody may know the names of others'.
    cacheScope: run.ports.secretBox.fingerprint(buildScope(run.deployment), 'build scope'),
  };
}

/** The settings for the planner, which puts the variable where the build's environment is to be seen. */
export function withSecretsHash(run: DeploymentRun, settings: BuildSettings): BuildSettings {
  const { buildSecrets } = run.configuration;
  if (buildSecrets.length === 0) return settings;
  const all = buildSecrets.map(({ name, fingerprint }) => `${name} ${fingerprint}`).join('\n');
  const hash = run.ports.secretBox.fingerprint(all, 'build secrets');
  return { ...settings, buildEnv: { ...settings.buildEnv, [buildEnvironmentHash]: hash } };
}
