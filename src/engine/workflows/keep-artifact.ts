import { applyAppConfig } from '../../domain/app-config/apply.ts';
import type { AppConfig } from '../../domain/app-config.ts';
import type { Artifact } from '../../domain/artifact.ts';
import { pipeline } from '../../domain/job.ts';
import { contractStep, releaseStep } from '../../domain/processes.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import type { DeploymentRun } from './deployment-run.ts';

interface Made {
  readonly artifact: Artifact;
  /** What the repository says of itself; it is part of what was made, and wins over what the environment is set to (rule 4.3). */
  readonly appConfig: AppConfig;
  readonly timeline: readonly TimelineEntry[];
}

/** What the deployment runs is known from now on, and with it what else there is to do. */
export function keepArtifact(run: DeploymentRun, { artifact, appConfig, timeline }: Made): void {
  const { kind, configuration } = run.deployment;
  const settings = applyAppConfig(configuration.settings, appConfig);
  // Files have no processes of their own.
  const processes = artifact.type === 'bundle' ? [] : settings.processes;
  run.note({
    artifact,
    configured: { appConfig, settings: { ...settings, processes } },
    plan: pipeline({
      kind,
      target: artifact.type === 'bundle' ? 'static' : 'image',
      release: releaseStep(processes) !== null,
      contract: contractStep(processes) !== null,
    }),
    timeline,
  });
}
