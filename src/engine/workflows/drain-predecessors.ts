import type { Instance } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { SlotNumber } from '../../domain/route.ts';
import { allOrNone } from './all-or-none.ts';
import type { DeploymentRecord, Write } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { drainSlot, isOnRoute, openSessions } from './drain-slot.ts';
import { leaveSlot } from './leave-slot.ts';
import type { Note } from './merge-writes.ts';
import { requestsDuringRollout } from './request-counts.ts';
import { serverName } from './router-server.ts';
import { stopInstances } from './stop-instances.ts';
import { endGuard, hasContainer, otherInstances, webInstances } from './web-instances.ts';

/** Lets the versions that served before finish what they have, then stops them, or keeps the last one on standby. After a crash it begins anew with what is left. */
export async function drainPredecessors(run: DeploymentRun): Promise<void> {
  // A crash between the row and what follows it must not leave the old version with traffic, nor the new one unguarded.
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  await Promise.all(run.record.instances.filter(hasContainer).map(({ id }) => keepAliveIfThere(run, id)));
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const began = run.ports.clock.monotonic();
  const cut: number[] = [];
  // Whoever takes the deployment back finds nobody still stopping what it starts again.
  await allOrNone(run.signal, [
    ...predecessors.map((old) => async () => {
      cut.push(await drain(run, old));
    }),
    ...predecessors.map((old) => () => stopWorkers(run, old)),
  ]);
  const drainMs = run.ports.clock.monotonic() - began;
  if (run.deployment.requests === null) await recordRequests(run, predecessors, { cut, drainMs });
  // Whoever serves must not lean on what is about to go.
  let isGuarded = true;
  const leanOnNobody = async () => {
    // The observation may end at any time.
    if (isGuarded && run.record.standbyId === null) await endGuard(run.ports.router, run.record, run.leaseSignal);
    isGuarded = run.record.standbyId !== null;
  };
  await leanOnNobody();
  for (const old of predecessors.length === 0 ? [] : await run.ports.deployments.predecessors(run.lease)) {
    if (old.deployment.id === run.record.standbyId) await standBy(run, old);
    else {
      await leanOnNobody();
      await stop(run, old);
    }
  }
}

/** One whose container somebody removed is the reconciler's to make again. */
async function keepAliveIfThere(run: DeploymentRun, instanceId: string): Promise<void> {
  try {
    await run.ports.runtime.keepAlive(instanceId, run.leaseSignal);
  } catch (error) {
    if (!(error instanceof CutoverError && error.code === 'not_found')) throw error;
  }
}

interface Drained {
  /** Streams that were closed at the drain timeout, of each version. */
  readonly cut: readonly number[];
  readonly drainMs: number;
}

/** Before the first slot is cleared: with it go its counters. */
async function recordRequests(
  run: DeploymentRun,
  predecessors: readonly DeploymentRecord[],
  { cut, drainMs }: Drained,
): Promise<void> {
  const { total, failed: notServed } = await requestsDuringRollout(run, predecessors);
  const failed = Math.max(0, notServed - cut.reduce((sum, streams) => sum + streams, 0));
  const counted: Note = {
    requests: { total, failed },
    measurements: { drainMs },
    timeline: [{ kind: 'complete', requests: total, failed }],
  };
  // Where there is nothing left to do it is written with the end.
  if (predecessors.length === 0) run.note(counted);
  else await run.write(counted);
}

/** Resolves to how many streams the router counts as failed only because they were closed at the drain timeout. */
async function drain(run: DeploymentRun, old: DeploymentRecord): Promise<number> {
  const draining = webInstances(old.instances).filter(({ phase }) => phase === 'draining');
  // A standby of before is drained already.
  if (old.slot === null || (draining.length === 0 && old.instances.length > 0)) return 0;
  const { number } = old.deployment;
  const { drainTimeoutMs } = old.deployment.configuration.settings;
  const connections = await openSessions(run, old.slot, run.signal);
  await run.write({ timeline: [{ kind: 'draining', deployment: number, connections }] });
  const { closed, durationMs, cut } = await drainSlot(run, old.slot, { drainTimeoutMs, signal: run.signal });
  await run.write({
    instances: draining.map(({ id }) => ({ id, phase: 'drained' })),
    timeline: [{ kind: 'drained', deployment: number, closed, durationMs }],
  });
  return cut;
}

/** Workers are never on standby: those of the old version get SIGTERM, and the drain timeout to finish their job (rule 5.4). */
async function stopWorkers(run: DeploymentRun, old: DeploymentRecord): Promise<void> {
  const workers = otherInstances(old.instances).filter(hasContainer);
  if (workers.length === 0) return;
  const { drainTimeoutMs } = old.deployment.configuration.settings;
  const ids = workers.map(({ id }) => id);
  await stopInstances(run, { graceMs: drainTimeoutMs, instanceIds: ids });
  await run.write({ instances: ids.map((id) => ({ id, phase: 'stopped' })) });
}

/** It stays up, off traffic; of several instances all or one, as the new version's settings say. */
async function standBy(run: DeploymentRun, old: DeploymentRecord): Promise<void> {
  const { standby, observationMs } = run.deployment.configuration.settings;
  const warm = webInstances(old.instances).filter(hasContainer);
  // While it gets traffic again, because the new version is suspected, all of it is needed.
  const needed = old.slot !== null && (await isOnRoute(run, old.slot));
  const surplus = standby === 'one' && !needed ? warm.slice(1) : [];
  if (surplus.length > 0) await stopSurplus(run, old, surplus);
  await endGuard(run.ports.router, old, run.leaseSignal);
  if (old.slot !== null) await putBackIntoRotation(run, old.slot, warm.slice(0, warm.length - surplus.length));
  const already = run.record.jobs.some(
    ({ type, status }) => type === 'MarkDeploymentCompleteJob' && status === 'success',
  );
  if (already) return;
  const instances = warm.length - surplus.length;
  await run.write({
    timeline: [{ kind: 'standby', deployment: old.deployment.number, instances, untilMs: observationMs }],
  });
}

/** They may have left it one by one while the new version grew: whoever goes back does so by a change of the route alone. */
async function putBackIntoRotation(run: DeploymentRun, slot: SlotNumber, warm: readonly Instance[]): Promise<void> {
  run.assertHeld();
  for (const instance of warm) await run.ports.router.resumeServer(slot, serverName(instance), run.leaseSignal);
}

async function stopSurplus(
  run: DeploymentRun,
  old: DeploymentRecord,
  surplus: DeploymentRecord['instances'],
): Promise<void> {
  const ids = surplus.map(({ id }) => id);
  if (old.slot !== null) await leaveSlot(run, old.slot, surplus);
  await stopInstances(run, { graceMs: old.deployment.configuration.settings.stopGraceMs, instanceIds: ids });
  await run.write({ instances: ids.map((id): NonNullable<Write['instances']>[number] => ({ id, phase: 'stopped' })) });
}

async function stop(run: DeploymentRun, old: DeploymentRecord): Promise<void> {
  // Somebody asked for that while it was on standby, and the observation ended before anybody could do it.
  if (run.record.want === 'take-back')
    throw new CutoverError('cancelled', `#${run.deployment.number} is to be taken back, so what served before stays`);
  run.assertHeld();
  if (old.slot !== null) await run.ports.router.clearSlot(old.slot, run.signal);
  const ids = old.instances.map(({ id }) => id);
  await stopInstances(run, { graceMs: old.deployment.configuration.settings.stopGraceMs, instanceIds: ids });
  await run.write({
    instances: ids.map((id) => ({ id, phase: 'stopped' })),
    retired: { deploymentId: old.deployment.id, reason: endReason(run, old) },
    freeSlotOf: old.deployment.id,
    timeline: [{ kind: 'removed', deployment: old.deployment.number, instances: old.instances.length }],
  });
}

/** "rolled back to #41 by #43 (error rate …)" for what this one goes back from, else "replaced by #43". */
function endReason({ deployment }: DeploymentRun, old: DeploymentRecord): string {
  const { origin, number } = deployment;
  if (origin?.kind !== 'rollback' || origin.from?.deploymentId !== old.deployment.id) return `replaced by #${number}`;
  return `rolled back to #${origin.number} by #${number}${origin.reason === null ? '' : ` (${origin.reason})`}`;
}
