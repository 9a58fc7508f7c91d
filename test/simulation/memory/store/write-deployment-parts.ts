import type { Job } from '../../../../src/domain/deployment.ts';
import type { PlannedJob } from '../../../../src/domain/job.ts';
import type { RouteTarget } from '../../../../src/domain/route.ts';
import {
  FencedError,
  type InstanceChange,
  type JournalEntry,
  type Lease,
  type Write,
} from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';
import type { StepRow } from './rows.ts';
import type { Transaction } from './transaction.ts';

/** A route written under a higher fence stays: its writer knows more. */
export function writeRoute({ db, now }: Transaction, lease: Lease, target: RouteTarget | null): void {
  const before = db.routes.get(lease.environmentId);
  const isNewer = before !== undefined && before.fence > lease.fence;
  if (target === null) {
    if (!isNewer) db.routes.delete(lease.environmentId);
    return;
  }
  if (isNewer) throw new FencedError(lease.deploymentId);
  const { wakesFailed = 0, wakeFailedAt = now } = before ?? {};
  const failed =
    target.mode === 'unwoken' ? { wakesFailed: wakesFailed + 1, wakeFailedAt: now } : { wakesFailed, wakeFailedAt };
  const kept = target.mode === 'serve' ? {} : failed;
  db.routes.put(lease.environmentId, { fence: lease.fence, target, revision: db.nextSerial(), ...kept });
}

/** The jobs after a write; `at`: ISO 8601. */
export function changeJobs(jobs: readonly Job[], { plan, jobs: changes = [] }: Write, at: string): readonly Job[] {
  const planned = plan === undefined ? jobs : changePlan(jobs, plan);
  if (changes.length === 0) return planned;
  return planned.map((job) => {
    const own = changes.filter(({ type }) => type === job.type);
    const last = own.at(-1);
    if (last === undefined) return job;
    const { status, error = null } = last;
    const startedAt = own.some((change) => change.status === 'running') ? at : job.startedAt;
    return { ...job, status, error, startedAt, endedAt: status === 'running' ? job.endedAt : at };
  });
}

/** Jobs that have begun are kept as they are. */
function changePlan(jobs: readonly Job[], plan: readonly PlannedJob[]): readonly Job[] {
  const begun = jobs.filter(({ status }) => status !== 'pending');
  const waiting = plan
    .filter(({ type }) => !begun.some((job) => job.type === type))
    .map(({ type, order, dependsOn, required }) => {
      const before = jobs.find((job) => job.type === type) ?? newJob;
      return { ...before, type, order, dependsOn, required };
    });
  return [...begun, ...waiting].toSorted((a, b) => a.order - b.order);
}

const newJob = { status: 'pending', error: null, startedAt: null, endedAt: null } as const;

export function writeInstances(db: MemoryDatabase, changes: readonly InstanceChange[]): void {
  for (const change of changes) {
    const instance = db.instances.get(change.id);
    if (instance !== undefined) db.instances.put(change.id, { ...instance, ...change });
  }
}

export function freeSlotOf(db: MemoryDatabase, deploymentId: string): void {
  for (const { number } of db.slots.where('deployment', deploymentId)) db.slots.delete(String(number));
}

export function writeJournal({ db, now }: Transaction, lease: Lease, entries: readonly JournalEntry[]): void {
  if (entries.length === 0) return;
  const before = db.steps.get(lease.deploymentId) ?? [];
  const steps = [...before];
  for (const { step: name, status, error = null } of entries) {
    if (status === 'begun') steps.push({ name, epoch: lease.epoch, status, error, startedAt: now, endedAt: null });
    else close(steps, before.length, { name, status, error, endedAt: now });
  }
  db.steps.put(lease.deploymentId, steps);
}

type StepEnd = Pick<StepRow, 'name' | 'status' | 'error' | 'endedAt'>;

/** Ends the one that this write has begun (those from `begunNow` on), else all that were open before. */
function close(steps: StepRow[], begunNow: number, end: StepEnd): void {
  const isOpen = ({ name, endedAt }: StepRow) => name === end.name && endedAt === null;
  const own = steps.findLastIndex((step, index) => index >= begunNow && isOpen(step));
  for (const [index, step] of steps.entries()) {
    if (own === -1 ? isOpen(step) : index === own) steps[index] = { ...step, ...end };
  }
}
