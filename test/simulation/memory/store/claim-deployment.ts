import type { ClaimRequest, Lease, Want } from '../../../../src/engine/ports/deployment-store.ts';
import { isContractDue } from './contract-due.ts';
import { byUrgency, changeDeployment, isActive, isLed, isPending, serves } from './deployment-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { appendTimeline, isAbandoned, isoTime, type Transaction } from './transaction.ts';

/** Takes the next deployment that may be led. */
export function claimDeployment(tx: Transaction, request: ClaimRequest): Lease | null {
  // It could not be seen to live.
  if (!tx.db.sessions.has(request.owner)) return null;
  let next: DeploymentRow | null = null;
  for (const environmentId of tx.db.deployments.groups('live')) {
    const live = tx.db.deployments.where('live', environmentId);
    for (const row of live) {
      if (!isReady(tx, row, live) || request.leading.includes(row.deployment.id)) continue;
      if (next === null || byUrgency(row, next) < 0) next = row;
    }
  }
  return next === null ? null : take(tx, request, next);
}

/** Nobody is made to wait longer: what says so was written before the clock was set back. */
const longestDelayMs = 60_000;

/** `live`: what is not over in the environment. */
function isReady(tx: Transaction, row: DeploymentRow, live: readonly DeploymentRow[]): boolean {
  if (row.notBefore > tx.now && row.notBefore <= tx.now + longestDelayMs) return false;
  if (isLed(row)) return isAbandoned(tx, { owner: row.leaseOwner, until: row.leaseUntil });
  return isClaimable(tx, row, live) && !live.some((other) => other !== row && isActive(other));
}

const forWhatServes: ReadonlySet<Want | null> = new Set<Want>(['pause', 'sleep', 'wake']);

/** By what it is and what is wanted of it alone. */
function isClaimable({ db }: Transaction, row: DeploymentRow, live: readonly DeploymentRow[]): boolean {
  const { state, pausedFrom } = row.deployment;
  if (state === 'pending') {
    // What it is to replace sleeps, and is woken before.
    if (live.some(({ want }) => want === 'wake')) return false;
    return !live.some((other) => isPending(other) && goesBefore(other, row));
  }
  if (state === 'paused') {
    return row.want === 'take-back' || (row.want === 'resume' && (pausedFrom !== 'completed' || serves(db, row)));
  }
  return (
    (state === 'completed' && forWhatServes.has(row.want) && serves(db, row)) ||
    (row.want === null && isContractDue(db, row))
  );
}

/** Of two that wait in one environment. */
function goesBefore({ deployment: a }: DeploymentRow, { deployment: b }: DeploymentRow): boolean {
  if ((a.kind === 'rollback') !== (b.kind === 'rollback')) return a.kind === 'rollback';
  return a.number < b.number;
}

function take(tx: Transaction, { owner, leaseMs }: ClaimRequest, row: DeploymentRow): Lease {
  const { db, now } = tx;
  const { id, environmentId, state, startedAt } = row.deployment;
  const fence = isLed(row) && row.fence !== null ? row.fence : nextFence(tx, environmentId);
  const epoch = row.epoch + 1;
  changeDeployment(db, row, {
    deployment: { state: state === 'pending' ? 'running' : state, startedAt: startedAt ?? isoTime(now) },
    acting: state === 'paused' || state === 'completed',
    leaseOwner: owner,
    leaseUntil: now + leaseMs,
    fence,
    epoch,
  });
  if (state === 'pending') {
    appendTimeline(tx, row, [{ kind: 'state.changed', from: 'pending', to: 'running', reason: null }]);
    db.tell(id);
  }
  return { deploymentId: id, environmentId, epoch, fence };
}

function nextFence({ db }: Transaction, environmentId: string): number {
  const row = db.environments.get(environmentId);
  if (row === undefined) throw new Error('a deployment without an environment');
  db.environments.put(environmentId, { ...row, fence: row.fence + 1 });
  return row.fence + 1;
}

/** Extends what is still ours; what is missing from the answer has passed to somebody else. */
export function heartbeat(
  { db, now }: Transaction,
  leases: readonly Lease[],
  leaseMs: number,
): ReadonlyMap<string, Want | null> {
  const held = new Map<string, Want | null>();
  for (const lease of leases) {
    const row = db.deployments.get(lease.deploymentId);
    if (row?.epoch !== lease.epoch) continue;
    changeDeployment(db, row, { leaseUntil: now + leaseMs });
    held.set(lease.deploymentId, row.want);
  }
  return held;
}

export function readWanted(
  { db }: Pick<Transaction, 'db'>,
  leases: readonly Lease[],
): ReadonlyMap<string, Want | null> {
  const rows = leases.map(({ deploymentId, epoch }) => ({ row: db.deployments.get(deploymentId), epoch }));
  return new Map(
    rows.flatMap(({ row, epoch }) => (row?.epoch === epoch ? [[row.deployment.id, row.want] as const] : [])),
  );
}

export function releaseLease({ db, now }: Transaction, lease: Lease, delayMs: number): void {
  const row = db.deployments.get(lease.deploymentId);
  if (row?.epoch === lease.epoch) changeDeployment(db, row, { leaseUntil: null, notBefore: now + delayMs });
}
