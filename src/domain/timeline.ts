import type { DeploymentState } from './deployment-state.ts';
import type { RolloutStrategy } from './environment-settings.ts';
import type { JobStatus, JobType } from './job.ts';
import type { ObservationOutcome } from './observation.ts';
import type { Uptime } from './uptime.ts';

/** One row of a deployment's timeline (rule 2.5), and what the event stream carries. Durations in ms, sizes in bytes. */
export type TimelineEntry =
  | {
      readonly kind: 'state.changed';
      readonly from: DeploymentState | null;
      readonly to: DeploymentState;
      readonly reason: string | null;
    }
  | { readonly kind: 'job.started'; readonly job: JobType }
  | { readonly kind: 'job.finished'; readonly job: JobType; readonly status: JobStatus; readonly error: string | null }
  | { readonly kind: 'source.resolved'; readonly commit: string; readonly message: string }
  | { readonly kind: 'image.resolved'; readonly reference: string; readonly digest: string }
  | { readonly kind: 'image.received'; readonly imageId: string; readonly sizeBytes: number }
  | { readonly kind: 'bundle.received'; readonly bundle: string; readonly files: number; readonly sizeBytes: number }
  | { readonly kind: 'directory.received'; readonly tree: string; readonly files: number; readonly sizeBytes: number }
  | { readonly kind: 'build.planned'; readonly preset: string; readonly explanation: readonly string[] }
  /** As many builds run as may at once. */
  | { readonly kind: 'build.waiting' }
  /** After it had waited for a place. */
  | { readonly kind: 'build.started'; readonly waitedMs: number }
  | { readonly kind: 'build.completed'; readonly sizeBytes: number; readonly reused: boolean }
  /** What will happen, said before it does. */
  | { readonly kind: 'rollout.planned'; readonly strategy: RolloutStrategy; readonly explanation: readonly string[] }
  | { readonly kind: 'instance.starting'; readonly ordinal: number; readonly process?: string }
  | {
      readonly kind: 'gate.passed';
      readonly ordinal: number;
      readonly process?: string;
      readonly attempts: number;
      readonly sinceStartMs: number;
    }
  | { readonly kind: 'gate.failed'; readonly ordinal: number; readonly process?: string; readonly message: string }
  | {
      readonly kind: 'instance.crashed';
      readonly ordinal: number;
      readonly process: string;
      readonly exitCode: number | null;
      readonly outOfMemory: boolean;
      readonly restarts: number;
    }
  | {
      readonly kind: 'instance.recovered';
      readonly ordinal: number;
      readonly process: string;
      readonly restarts: number;
    }
  /** Requests wait in the router from here until `traffic.released`. */
  | { readonly kind: 'traffic.held'; readonly uptime?: Uptime }
  | { readonly kind: 'traffic.released'; readonly heldMs: number }
  | { readonly kind: 'paused'; readonly by: string }
  | { readonly kind: 'resumed'; readonly by: string }
  /** Nobody used it for a while: it is stopped, until somebody comes (rule 6). */
  | { readonly kind: 'asleep' }
  /** Somebody came. `tookMs`: until it was up again. */
  | { readonly kind: 'awake'; readonly tookMs: number }
  /** The version that served before stays up, off traffic, so that going back is a route change. */
  | { readonly kind: 'standby'; readonly deployment: number; readonly instances: number; readonly untilMs: number }
  /** Something was seen that may be the new version's fault: see `observation`. */
  | { readonly kind: 'suspicion'; readonly message: string; readonly share: number }
  | { readonly kind: 'cleared'; readonly message: string }
  | { readonly kind: 'alert'; readonly message: string }
  | { readonly kind: 'rollback.decided'; readonly to: number | null; readonly reason: string }
  | { readonly kind: 'observation.ended'; readonly outcome: ObservationOutcome; readonly message: string }
  | { readonly kind: 'traffic.shifting'; readonly share: number }
  | { readonly kind: 'draining'; readonly deployment: number; readonly connections: number }
  | { readonly kind: 'drained'; readonly deployment: number; readonly closed: number; readonly durationMs: number }
  | { readonly kind: 'removed'; readonly deployment: number; readonly instances: number }
  | { readonly kind: 'taken-back'; readonly reason: string }
  | { readonly kind: 'complete'; readonly requests: number; readonly failed: number };

/** "0 of 3,214 requests failed": what the router counted while traffic moved. */
export function describeRequests(requests: number, failed: number): string {
  return `${grouped(failed)} of ${grouped(requests)} requests failed`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** One line for people. */
export function describeEntry(entry: TimelineEntry): string {
  switch (entry.kind) {
    case 'state.changed':
      return entry.reason === null ? `state: ${entry.to}` : `state: ${entry.to} (${entry.reason})`;
    case 'job.started':
      return `${entry.job} started`;
    case 'job.finished':
      return entry.error === null ? `${entry.job}: ${entry.status}` : `${entry.job}: ${entry.status}: ${entry.error}`;
    case 'source.resolved':
      return `commit ${entry.commit.slice(0, 12)} "${entry.message}"`;
    case 'image.resolved':
    case 'image.received':
    case 'bundle.received':
    case 'directory.received':
      return describeReceived(entry);
    case 'build.planned':
      return `plan: ${entry.preset} (${entry.explanation.join('; ')})`;
    case 'build.waiting':
    case 'build.started':
    case 'build.completed':
      return describeBuild(entry);
    case 'rollout.planned':
      return `plan: ${entry.strategy} (${entry.explanation.join('; ')})`;
    case 'instance.starting':
      return `${nameOf(entry)} starting`;
    case 'gate.passed':
      return `gate passed by ${nameOf(entry)} (try ${entry.attempts}, ${Math.round(entry.sinceStartMs)} ms after its start)`;
    case 'gate.failed':
      return `gate failed by ${nameOf(entry)}: ${entry.message}`;
    case 'instance.crashed':
    case 'instance.recovered':
      return describeCrash(entry);
    case 'traffic.held':
    case 'traffic.released':
    case 'paused':
    case 'resumed':
    case 'asleep':
    case 'awake':
      return describeHold(entry);
    case 'standby':
    case 'suspicion':
    case 'cleared':
    case 'alert':
    case 'rollback.decided':
    case 'observation.ended':
      return describeObservation(entry);
    case 'traffic.shifting':
      return `traffic: ${entry.share} % to the new version`;
    case 'draining':
      return `draining #${entry.deployment} (${entry.connections} connections)`;
    case 'drained':
      return `drained #${entry.deployment} in ${Math.round(entry.durationMs)} ms${entry.closed > 0 ? `, ${entry.closed} closed at the timeout` : ''}`;
    case 'removed':
      return `removed #${entry.deployment} (${entry.instances} instances)`;
    case 'taken-back':
      return `taken back: ${entry.reason}`;
    case 'complete':
      return `complete: ${describeRequests(entry.requests, entry.failed)}`;
  }
}

type Kind<K extends TimelineEntry['kind']> = Extract<TimelineEntry, { readonly kind: K }>;

function nameOf({ process, ordinal }: { readonly process?: string; readonly ordinal: number }): string {
  return process === undefined || process === 'web' ? `instance ${ordinal}` : `${process} ${ordinal}`;
}

function describeBuild(entry: Kind<'build.waiting' | 'build.started' | 'build.completed'>): string {
  if (entry.kind === 'build.waiting') return 'waiting for a free place to build';
  if (entry.kind === 'build.started') return `build started after ${Math.round(entry.waitedMs)} ms of waiting`;
  return `${entry.reused ? 'nothing changed: artifact reused' : 'build completed'} (${(entry.sizeBytes / 1e6).toFixed(1)} MB)`;
}

function describeReceived(
  entry: Kind<'image.resolved' | 'image.received' | 'bundle.received' | 'directory.received'>,
): string {
  if (entry.kind === 'image.resolved') return `${entry.reference} is ${entry.digest.slice(0, 19)}`;
  const size = `${(entry.sizeBytes / 1e6).toFixed(1)} MB`;
  if (entry.kind === 'image.received') return `image ${entry.imageId.slice(7, 19)} received (${size})`;
  if (entry.kind === 'directory.received')
    return `directory ${entry.tree.slice(0, 12)} received (${entry.files} files, ${size})`;
  return `bundle ${entry.bundle.slice(0, 12)} received (${entry.files} files, ${size})`;
}

function describeCrash(entry: Kind<'instance.crashed' | 'instance.recovered'>): string {
  const restarts = `${entry.restarts} ${entry.restarts === 1 ? 'restart' : 'restarts'}`;
  if (entry.kind === 'instance.recovered') return `${nameOf(entry)} is back in rotation (${restarts})`;
  const cause = entry.outOfMemory ? 'killed for memory' : `exit code ${entry.exitCode ?? 'unknown'}`;
  return `${nameOf(entry)} crashed (${cause}; ${restarts})`;
}

function describeHold(
  entry: Kind<'traffic.held' | 'traffic.released' | 'paused' | 'resumed' | 'asleep' | 'awake'>,
): string {
  switch (entry.kind) {
    case 'traffic.held':
      return 'requests wait in the router';
    case 'traffic.released':
      return `requests go on after ${Math.round(entry.heldMs)} ms`;
    case 'paused':
      return `paused by ${entry.by}`;
    case 'resumed':
      return `resumed by ${entry.by}`;
    case 'asleep':
      return 'asleep: stopped until somebody comes';
    case 'awake':
      return `awake after ${Math.round(entry.tookMs)} ms`;
  }
}

function describeObservation(
  entry: Kind<'standby' | 'suspicion' | 'cleared' | 'alert' | 'rollback.decided' | 'observation.ended'>,
): string {
  switch (entry.kind) {
    case 'standby':
      return `#${entry.deployment} is on standby for ${Math.round(entry.untilMs / 1000)} s`;
    case 'suspicion':
      return `suspicion: ${entry.message}; ${entry.share} % of the traffic stays to find out`;
    case 'cleared':
      return `suspicion cleared: ${entry.message}`;
    case 'alert':
      return `alert: ${entry.message}`;
    case 'rollback.decided':
      return entry.to === null ? `bad: ${entry.reason}` : `rolled back to #${entry.to}: ${entry.reason}`;
    case 'observation.ended':
      return `observation ended: ${entry.message}`;
  }
}
