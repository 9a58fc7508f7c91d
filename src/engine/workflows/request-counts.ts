import type { DeploymentRecord, RequestCount } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';

/** What the router has counted in all slots of the environment: this version's and those of the ones before it. */
export async function countRequests(run: DeploymentRun, others: readonly DeploymentRecord[]): Promise<RequestCount> {
  const slots = new Set([run.record.slot, ...others.map((record) => record.slot)]);
  let total = 0;
  let failed = 0;
  for (const slot of slots) {
    if (slot === null) continue;
    const counters = await run.ports.router.counters(slot, run.leaseSignal);
    total += counters.requests;
    failed += counters.failed;
  }
  return { total, failed };
}

/** Since the rollout began; never negative, also when a router restart lost its counters. */
export async function requestsDuringRollout(
  run: DeploymentRun,
  others: readonly DeploymentRecord[],
): Promise<RequestCount> {
  const now = await countRequests(run, others);
  const before = run.record.counterBaseline ?? { total: 0, failed: 0 };
  return { total: Math.max(0, now.total - before.total), failed: Math.max(0, now.failed - before.failed) };
}
