import { randomUUID } from 'node:crypto';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import type { Artifact } from '../../../src/domain/artifact.ts';
import type { DeploymentOrigin } from '../../../src/domain/deployment.ts';
import { nothingMeasured } from '../../../src/domain/measurements.ts';
import type { DeploymentSource } from '../../../src/domain/source.ts';
import { nothingRemoved } from '../../../src/domain/past-deployment.ts';
import type { Environment } from '../../../src/domain/project.ts';
import type { Actor } from '../../../src/domain/roles.ts';
import { Feed } from './feed.ts';
import type { HeldDeployment, HeldProject } from './platform.ts';

export interface Wanted {
  readonly environment: Environment;
  readonly actor: Actor;
  readonly noCache?: boolean;
  readonly source?: { readonly branch?: string; readonly commit?: string };
  /** In place of a commit. */
  readonly from?: DeploymentSource;
  readonly origin?: DeploymentOrigin;
  readonly artifact?: Artifact | null;
}

function kindOf(source: DeploymentSource | undefined) {
  if (source === undefined) return 'git';
  return source.kind === 'bundle' ? 'static' : source.kind;
}

/** A pending deployment, kept with its project. */
export function newDeployment(held: HeldProject, wanted: Wanted): HeldDeployment {
  const { project } = held;
  const { environment, source, origin = null } = wanted;
  const deployment: HeldDeployment = {
    deployment: {
      id: randomUUID(),
      projectId: project.id,
      projectName: project.name,
      environmentId: environment.id,
      environmentName: environment.name,
      number: held.deployments.length + 1,
      kind: origin?.kind ?? kindOf(wanted.from),
      origin,
      state: 'pending',
      reason: null,
      failure: null,
      source: wanted.from ?? {
        kind: 'git',
        repository: project.repository ?? '',
        branch: source?.branch ?? environment.settings.branch,
        requestedCommit: source?.commit ?? null,
        commit: null,
      },
      trigger: { kind: 'manual', by: wanted.actor.name, noCache: wanted.noCache ?? false },
      configuration: {
        build: project.build,
        settings: environment.settings,
        appConfig: emptyAppConfig,
        hosts: environment.hosts,
      },
      artifact: wanted.artifact ?? null,
      requests: null,
      measurements: nothingMeasured,
      pausedFrom: null,
      createdAt: new Date().toISOString(),
      startedAt: null,
      readyAt: null,
      completedAt: null,
      finishedAt: null,
      removed: nothingRemoved,
    },
    jobs: [],
    instances: [],
    observation: null,
    verdict: null,
    timeline: new Feed(),
    logs: new Map(),
  };
  held.deployments.push(deployment);
  return deployment;
}
