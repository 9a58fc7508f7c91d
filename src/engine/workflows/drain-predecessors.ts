import type { Deployment } from '../../domain/deployment.ts';
import { nextDrainAction } from '../../domain/drain.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { requestsDuringRollout } from './request-counts.ts';

/** Lets the versions that served before finish what they have, then stops them. After a crash it begins anew with what is left. */
export async function drainPredecessors(run: DeploymentRun): Promise<void> {
  // A crash between the row and what follows it must not leave the old version with traffic, nor the new one unguarded.
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  await Promise.all(run.record.instances.map(({ id }) => run.ports.runtime.keepAlive(id, run.leaseSignal)));
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  await Promise.all(predecessors.map((old) => drain(run, old)));
  const requests = await requestsDuringRollout(run);
  for (const old of predecessors) await stop(run, old);
  const { total, failed } = requests;
  await run.write({ requests, timeline: [{ kind: 'complete', requests: total, failed }] });
}

async function drain(run: DeploymentRun, old: DeploymentRecord): Promise<void> {
  if (old.slot === null) return;
  const { number } = old.deployment;
  const { drainTimeoutMs } = old.deployment.configuration.settings;
  const connections = await openSessions(run, old.slot);
  await run.write({ timeline: [{ kind: 'draining', deployment: number, connections }] });
  const drained = await drainSlot(run, old.slot, drainTimeoutMs);
  await run.write({
    instances: old.instances.filter(({ phase }) => phase === 'draining').map(({ id }) => ({ id, phase: 'drained' })),
    timeline: [{ kind: 'drained', deployment: number, ...drained }],
  });
}

/** Waits until nothing is in flight in the slot, closing at the deadline what is left. The slot must be off every route. */
export async function drainSlot(
  run: DeploymentRun,
  slot: SlotNumber,
  drainTimeoutMs: number,
): Promise<{ readonly closed: number; readonly durationMs: number }> {
  const { clock, router } = run.ports;
  const began = clock.monotonic();
  let openAtDeadline: number | null = null;
  let closed = 0;
  for (;;) {
    const open = await openSessions(run, slot);
    const sinceStartMs = clock.monotonic() - began;
    const action = nextDrainAction({ sinceStartMs, open, openAtDeadline }, drainTimeoutMs);
    if (action.type === 'done') return { closed, durationMs: sinceStartMs };
    if (action.type === 'wait') await clock.sleep(action.delayMs, run.leaseSignal);
    else {
      openAtDeadline ??= open;
      run.assertHeld();
      closed += await router.closeSessions(slot, null, action.count, run.leaseSignal);
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

/** SIGTERM, grace, SIGKILL, side by side; what they printed last is kept. */
export async function stopInstances(
  run: DeploymentRun,
  owner: Deployment,
  instanceIds: readonly string[],
): Promise<void> {
  const { stopGraceMs } = owner.configuration.settings;
  await Promise.all(
    instanceIds.map(async (id) => {
      using _expecting = run.workshop.watch.expect(id);
      await run.ports.runtime.stop(id, stopGraceMs, run.leaseSignal);
      await run.workshop.instanceLogs.settle(id);
    }),
  );
}
