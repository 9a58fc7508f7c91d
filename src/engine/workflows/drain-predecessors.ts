import type { Deployment } from '../../domain/deployment.ts';
import { nextDrainAction } from '../../domain/drain.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { requestsDuringRollout } from './request-counts.ts';

const closePauseMs = 50;

/** Lets the versions that served before finish what they have, then stops them. After a crash it begins anew with what is left. */
export async function drainPredecessors(run: DeploymentRun): Promise<void> {
  // A crash between the row and what follows it must not leave the old version with traffic, nor the new one unguarded.
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  await Promise.all(run.record.instances.map(({ id }) => keepAliveIfThere(run, id)));
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const cut = await Promise.all(predecessors.map((old) => drain(run, old)));
  if (run.deployment.requests === null) await recordRequests(run, cut);
  for (const old of predecessors) await stop(run, old);
}

/** One whose container somebody removed is the reconciler's to make again. */
async function keepAliveIfThere(run: DeploymentRun, instanceId: string): Promise<void> {
  try {
    await run.ports.runtime.keepAlive(instanceId, run.leaseSignal);
  } catch (error) {
    if (!(error instanceof CutoverError && error.code === 'not_found')) throw error;
  }
}

/** Before the first slot is cleared: with it go its counters. */
async function recordRequests(run: DeploymentRun, cut: readonly number[]): Promise<void> {
  const { total, failed: counted } = await requestsDuringRollout(run);
  const failed = Math.max(0, counted - cut.reduce((sum, streams) => sum + streams, 0));
  await run.write({ requests: { total, failed }, timeline: [{ kind: 'complete', requests: total, failed }] });
}

/** Resolves to how many streams the router counts as failed only because they were closed at the drain timeout. */
async function drain(run: DeploymentRun, old: DeploymentRecord): Promise<number> {
  if (old.slot === null) return 0;
  const { number } = old.deployment;
  const { drainTimeoutMs } = old.deployment.configuration.settings;
  const connections = await openSessions(run, old.slot);
  await run.write({ timeline: [{ kind: 'draining', deployment: number, connections }] });
  const { closed, durationMs, cut } = await drainSlot(run, old.slot, drainTimeoutMs);
  await run.write({
    instances: old.instances.filter(({ phase }) => phase === 'draining').map(({ id }) => ({ id, phase: 'drained' })),
    timeline: [{ kind: 'drained', deployment: number, closed, durationMs }],
  });
  return cut;
}

interface Drained {
  /** Sessions that were closed at the timeout. */
  readonly closed: number;
  readonly durationMs: number;
  /** Those among them that the router counts as failed. */
  readonly cut: number;
}

/** Waits until nothing is in flight in the slot, closing at the deadline what is left. The slot must be off every route. */
export async function drainSlot(run: DeploymentRun, slot: SlotNumber, drainTimeoutMs: number): Promise<Drained> {
  const { clock, router } = run.ports;
  const began = clock.monotonic();
  const failures = async () => (await router.counters(slot, run.leaseSignal)).failed;
  let atDeadline: { readonly open: number; readonly failed: number } | null = null;
  let closed = 0;
  for (;;) {
    const open = await openSessions(run, slot);
    const sinceStartMs = clock.monotonic() - began;
    const action = nextDrainAction({ sinceStartMs, open, openAtDeadline: atDeadline?.open ?? null }, drainTimeoutMs);
    if (action.type === 'done') {
      const since = atDeadline === null ? 0 : (await failures()) - atDeadline.failed;
      // What failed besides is the app's own failure.
      return { closed, durationMs: sinceStartMs, cut: Math.min(since, closed) };
    }
    if (action.type === 'wait') await clock.sleep(action.delayMs, run.leaseSignal);
    else {
      atDeadline ??= { open, failed: await failures() };
      run.assertHeld();
      closed += await router.closeSessions(slot, null, action.count, run.leaseSignal);
      await clock.sleep(closePauseMs, run.leaseSignal);
    }
  }
}

/** Zero only when it was zero twice: a request may be between the route and its server at the first look. */
async function openSessions(run: DeploymentRun, slot: SlotNumber): Promise<number> {
  const first = await run.ports.router.inFlight(slot, null, run.leaseSignal);
  if (first > 0) return first;
  await run.ports.clock.sleep(60, run.leaseSignal);
  return run.ports.router.inFlight(slot, null, run.leaseSignal);
}

async function stop(run: DeploymentRun, old: DeploymentRecord): Promise<void> {
  run.assertHeld();
  if (old.slot !== null) await run.ports.router.clearSlot(old.slot, run.signal);
  await stopInstances(
    run,
    old.deployment,
    old.instances.map(({ id }) => id),
  );
  await run.write({
    instances: old.instances.map(({ id }) => ({ id, phase: 'stopped' })),
    retired: { deploymentId: old.deployment.id, reason: `replaced by #${run.deployment.number}` },
    freeSlotOf: old.deployment.id,
    timeline: [{ kind: 'removed', deployment: old.deployment.number, instances: old.instances.length }],
  });
}

/**
 * SIGTERM, grace, SIGKILL, side by side; what they printed last is kept. A container that Docker cannot remove now is left to the
 * reconciler: it must not keep the next deployment waiting.
 */
export async function stopInstances(
  run: DeploymentRun,
  owner: Deployment,
  instanceIds: readonly string[],
): Promise<void> {
  const { stopGraceMs } = owner.configuration.settings;
  await Promise.all(
    instanceIds.map(async (id) => {
      using _expecting = run.workshop.watch.expect(id);
      try {
        await run.ports.runtime.stop(id, stopGraceMs, run.leaseSignal);
      } catch (error) {
        if (run.leaseSignal.aborted) throw error;
        run.workshop.log.warn({ instance: id, error: String(error) }, 'an instance could not be stopped yet');
      }
      await run.workshop.instanceLogs.settle(id);
    }),
  );
}
