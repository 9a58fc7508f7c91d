import { graceWithinHold } from '../../domain/hold.ts';
import { isLongRunning } from '../../domain/processes.ts';
import { stableOnly } from '../../domain/route.ts';
import { FencedError } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { openSessions } from './drain-slot.ts';
import { leaveSlot } from './leave-slot.ts';
import { stopForGood } from './recreate.ts';
import { hasContainer, hasSlot, otherInstances, webInstances, type InSlot } from './web-instances.ts';

/**
 * Nobody uses what serves: it is stopped until somebody comes (rule 6). Requests wait from before it is stopped, so that none is lost. Done
 * again after a crash it goes on with what is left.
 */
export async function fallAsleep(run: DeploymentRun): Promise<void> {
  const { record } = run;
  if (!hasSlot(record)) throw new Error('a version without a slot was to be put to sleep');
  const { drainTimeoutMs, stopGraceMs, holdTimeoutMs } = record.deployment.configuration.settings;
  const before = await run.ports.router.counters(record.slot, run.leaseSignal);
  // Visitors need not wait while they finish their job.
  await stopForGood(run, otherInstances(record.instances).filter(hasContainer), drainTimeoutMs);
  const web = webInstances(record.instances).filter(hasContainer);
  await run.write({
    // What does not serve any more is not brought back by anybody else.
    instances: web.filter(({ phase }) => phase === 'serving').map(({ id }) => ({ id, phase: 'draining' })),
    route: { ...stableOnly(record.slot), mode: 'asleep' },
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  if (await isUsed(run, record, before.requests)) return stayAwake(run, record, null);
  try {
    // From here on it is past staying awake.
    await stopForGood(run, web, graceWithinHold(stopGraceMs, holdTimeoutMs, 0), 'drained');
  } catch (error) {
    // Whoever waits is better off with what goes on running.
    if (error instanceof FencedError || run.leaseSignal.aborted) throw error;
    return stayAwake(run, record, `could not be put to sleep: ${String(error)}`);
  }
  await leaveSlot(run, record.slot, record.instances);
  await run.write({
    instances: record.instances.map(({ id }) => ({ id, address: null, crashedAt: null })),
    timeline: [{ kind: 'asleep' }],
    wantDone: true,
  });
  run.workshop.wakeSleepKeeper();
}

/** Somebody came just before, and nobody has been asked to stop yet. */
async function isUsed(run: DeploymentRun, { slot, instances }: InSlot, requestsBefore: number): Promise<boolean> {
  const isWhole = webInstances(instances).every(({ phase }) => phase === 'serving' || phase === 'draining');
  if (!isWhole) return false;
  if ((await openSessions(run, slot, run.leaseSignal)) > 0) return true;
  return (await run.ports.router.counters(slot, run.leaseSignal)).requests !== requestsBefore;
}

/** What has been stopped already is to run again, and is the reconciler's to start: visitors do not wait for that. */
async function stayAwake(run: DeploymentRun, { slot, instances }: InSlot, alert: string | null): Promise<void> {
  const longRunning = instances.filter(({ process }) => isLongRunning({ name: process }));
  await run.write({
    instances: longRunning.map(({ id }) => ({ id, phase: 'serving' })),
    route: stableOnly(slot),
    timeline: alert === null ? [] : [{ kind: 'alert', message: alert }],
    wantDone: true,
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
}
