import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { DeploymentOrigin } from '../../../src/domain/deployment.ts';
import { stableOnly } from '../../../src/domain/route.ts';
import type { DeploymentRecord, Lease, OpenedObservation } from '../../../src/engine/ports/deployment-store.ts';
import type { StoreBench, TriggerOptions } from './bench.ts';

/** Triggers one and claims it. */
export async function claimed(bench: StoreBench, environmentId: string, options?: TriggerOptions): Promise<Lease> {
  const id = await bench.trigger(environmentId, options);
  const lease = await bench.claim();
  assert.equal(lease?.deploymentId, id);
  return lease;
}

/** As far as `deploying`, with an instance in a slot. */
export async function deploying(bench: StoreBench, environmentId: string, options?: TriggerOptions): Promise<Lease> {
  const lease = await claimed(bench, environmentId, options);
  assert.ok(await bench.deployments.takeSlot(lease, 100));
  await bench.deployments.addInstances(lease, [{ id: randomUUID(), process: 'web', ordinal: 1, port: 3000 }]);
  await bench.deployments.write(lease, { transition: { type: 'instances-starting' } });
  return lease;
}

/** As far as `ready`, with all of the traffic. */
export async function ready(
  bench: StoreBench,
  environmentId: string,
  { observation, ...options }: TriggerOptions & { readonly observation?: OpenedObservation } = {},
): Promise<Lease> {
  const lease = await deploying(bench, environmentId, options);
  const { slot } = await recordOf(bench, lease.deploymentId);
  assert.ok(slot);
  await bench.deployments.write(lease, {
    transition: { type: 'traffic-received' },
    route: stableOnly(slot),
    becomesCurrent: true,
    ...(observation === undefined ? {} : { observation }),
  });
  return lease;
}

/** As far as `completed`, its worker gone. */
export async function completed(...args: Parameters<typeof ready>): Promise<Lease> {
  const [bench] = args;
  const lease = await ready(...args);
  await bench.deployments.write(lease, { transition: { type: 'predecessor-drained' } });
  await bench.deployments.release(lease, 0);
  return lease;
}

export interface Pair {
  readonly old: Lease;
  readonly fresh: Lease;
}

/** An old version on standby for a fresh one, which is completed and under observation. */
export async function observedPair(bench: StoreBench, environmentId: string, endsInMs = 60_000): Promise<Pair> {
  const old = await completed(bench, environmentId);
  const fresh = await completed(bench, environmentId, { observation: { standbyId: old.deploymentId, endsInMs } });
  return { old, fresh };
}

export async function recordOf(bench: StoreBench, id: string): Promise<DeploymentRecord> {
  const record = await bench.deployments.record(id);
  assert.ok(record);
  return record;
}

export async function stateOf(bench: StoreBench, id: string): Promise<string> {
  return (await recordOf(bench, id)).deployment.state;
}

/** By somebody, if not said otherwise. */
export function rollbackOf(pair: Pair, automatic = false): DeploymentOrigin {
  return {
    kind: 'rollback',
    deploymentId: pair.old.deploymentId,
    number: 1,
    automatic,
    from: { deploymentId: pair.fresh.deploymentId, number: 2 },
    currentVariables: false,
    reason: 'error rate',
  };
}

/** Work that goes on until it is told to end. */
export function openWork() {
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const work = async () => {
    began.resolve();
    await end.promise;
  };
  return { work, began: began.promise, end: () => end.resolve() };
}
