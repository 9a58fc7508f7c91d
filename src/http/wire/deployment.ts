import { errorCatalogue } from '../../contract/errors.ts';
import type { WireDeployment, WireDeploymentDetail, WireInstance } from '../../contract/schemas/deployment.ts';
import type { WireLogLine } from '../../contract/schemas/log.ts';
import type { WireTimelineEntry } from '../../contract/schemas/timeline.ts';
import type { Artifact } from '../../domain/artifact.ts';
import type { Deployment, DeploymentSummary, Instance, Job } from '../../domain/deployment.ts';
import type { Trigger } from '../../domain/source.ts';
import { describeEntry, type TimelineEntry } from '../../domain/timeline.ts';
import type { DeploymentDetail } from '../../engine/commands/commands.ts';
import type { LogEntry } from '../../engine/ports/logs.ts';
import type { RecordedEntry } from '../../engine/ports/recorded-entry.ts';
import { wireBuild, wireSettings } from './project.ts';

export function wireDeployment(deployment: DeploymentSummary): WireDeployment {
  const { id, number, kind, origin, state, reason, requests, measurements, pausedFrom } = deployment;
  const { createdAt, startedAt, readyAt, completedAt, finishedAt } = deployment;
  return {
    id,
    project: deployment.projectName,
    environment: deployment.environmentName,
    number,
    kind,
    origin,
    state,
    reason,
    failure: wireFailure(deployment.failure),
    source: deployment.source,
    trigger: wireTrigger(deployment.trigger),
    artifact: wireArtifact(deployment.artifact),
    requests,
    measurements,
    pausedFrom,
    createdAt,
    startedAt,
    readyAt,
    completedAt,
    finishedAt,
    removed: deployment.removed,
  };
}

export function wireDetail(detail: DeploymentDetail): WireDeploymentDetail {
  const { build, settings, hosts } = detail.deployment.configuration;
  return {
    deployment: wireDeployment(detail.deployment),
    configuration: { build: wireBuild(build), settings: wireSettings(settings), hosts: [...hosts] },
    jobs: detail.jobs.map(wireJob),
    instances: detail.instances.map(wireInstance),
    observation: detail.observation,
    verdict: detail.verdict,
    url: detail.url,
  };
}

export function wireTimelineEntry({ id, at, entry }: RecordedEntry): WireTimelineEntry {
  return { id, at, text: describeEntry(entry), event: wireEvent(entry) };
}

export function wireLogLine({ at, stream, text, next }: LogEntry): WireLogLine {
  return { at, stream, text, next };
}

function wireFailure(failure: Deployment['failure']): WireDeployment['failure'] {
  return failure === null ? null : { ...failure, next: errorCatalogue[failure.code].next };
}

function wireArtifact(artifact: Artifact | null): WireDeployment['artifact'] {
  if (artifact?.type !== 'image') return artifact;
  return { ...artifact, exposedPorts: [...artifact.exposedPorts] };
}

function wireJob(job: Job): WireDeploymentDetail['jobs'][number] {
  return { ...job, dependsOn: [...job.dependsOn] };
}

export function wireInstance({ id, process, ordinal, phase, port, restarts, crashedAt }: Instance): WireInstance {
  return { id, process, ordinal, phase, port, restarts, crashedAt };
}

function wireEvent(entry: TimelineEntry): WireTimelineEntry['event'] {
  const planned = entry.kind === 'build.planned' || entry.kind === 'rollout.planned';
  return planned ? { ...entry, explanation: [...entry.explanation] } : entry;
}

function wireTrigger({ kind, by, noCache }: Trigger) {
  return { kind, by, noCache };
}
