import type { DeploymentState } from './deployment-state.ts';
import type { JobStatus, JobType } from './job.ts';

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
  | { readonly kind: 'build.planned'; readonly preset: string; readonly explanation: readonly string[] }
  | { readonly kind: 'build.completed'; readonly sizeBytes: number; readonly reused: boolean }
  | { readonly kind: 'instance.starting'; readonly ordinal: number }
  | { readonly kind: 'gate.passed'; readonly ordinal: number; readonly attempts: number; readonly sinceStartMs: number }
  | { readonly kind: 'gate.failed'; readonly ordinal: number; readonly message: string }
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
    case 'build.planned':
      return `plan: ${entry.preset} (${entry.explanation.join('; ')})`;
    case 'build.completed':
      return `${entry.reused ? 'nothing changed: artifact reused' : 'build completed'} (${(entry.sizeBytes / 1e6).toFixed(1)} MB)`;
    case 'instance.starting':
      return `instance ${entry.ordinal} starting`;
    case 'gate.passed':
      return `gate passed by instance ${entry.ordinal} (try ${entry.attempts}, ${Math.round(entry.sinceStartMs)} ms after its start)`;
    case 'gate.failed':
      return `gate failed by instance ${entry.ordinal}: ${entry.message}`;
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
