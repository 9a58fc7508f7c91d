import type { WireGoing, WireRetentionPlan, WireRetentionRun } from '../../contract/schemas/retention.ts';
import type { PastDeployment } from '../../domain/past-deployment.ts';
import type { Going, Kept } from '../../domain/retention.ts';
import type { ExpiredLogs, RetentionPlan, RetentionRun } from '../../domain/retention-plan.ts';

export function wireRetentionPlan({ settings, artifacts, logs, history, more }: RetentionPlan): WireRetentionPlan {
  return {
    settings,
    kept: artifacts.kept.map((kept) => ({ ...wireArtifact(kept), rule: kept.rule })),
    going: artifacts.going.map(wireGoing),
    logs: logs.map(wireLogs),
    history: history.map(wirePast),
    more,
  };
}

export function wireRetentionRun(run: RetentionRun): WireRetentionRun {
  return {
    removed: run.removed.map(wireGoing),
    stayed: run.stayed.map(wireArtifact),
    logs: run.logs.map(wireLogs),
    history: run.history.map(wirePast),
    givenBackBytes: run.givenBackBytes,
    more: run.more,
  };
}

function wireGoing(going: Going): WireGoing {
  return { ...wireArtifact(going), rule: going.rule };
}

function wireArtifact({ artifact, why }: Pick<Kept, 'artifact' | 'why'>): WireRetentionRun['stayed'][number] {
  const { type, id, sizeBytes } = artifact;
  return { type, id, sizeBytes, why };
}

function wireLogs(past: ExpiredLogs): WireRetentionPlan['logs'][number] {
  return { ...wirePast(past), bytes: past.bytes };
}

function wirePast({ project, environment, number, endedAt }: PastDeployment): WireRetentionPlan['history'][number] {
  return { project, environment, number, endedAt: new Date(endedAt).toISOString() };
}
