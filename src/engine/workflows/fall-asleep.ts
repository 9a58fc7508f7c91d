import { graceWithinHold } from '../../domain/hold.ts';
import type { Instance } from '../../domain/deployment.ts';
import { isLongRunning } from '../../domain/processes.ts';
import { stableOnly } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { openSessions } from './drain-slot.ts';
import { leaveSlot } from './leave-slot.ts';
import { stopForGood } from './recreate.ts';
import { fewTries, wakeUp } from './wake-up.ts';
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
  const workers = otherInstances(record.instances).filter(hasContainer);
  const left = await afterAll(run, () => stopForGood(run, workers, drainTimeoutMs));
  if (left !== null) return stayAwake(run, record, left);
  const web = webInstances(record.instances).filter(hasContainer);
  await run.write({
    // What does not serve any more is not brought back by anybody else.
    instances: web.filter(({ phase }) => phase === 'serving').map(({ id }) => ({ id, phase: 'draining' })),
    route: { ...stableOnly(record.slot), mode: 'asleep' },
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  if (await isUsed(run, record, before.requests)) return stayAwake(run, record, null);
  // From here on it is past staying awake.
  const graceMs = graceWithinHold(stopGraceMs, holdTimeoutMs, 0);
  const running = await afterAll(run, () => stopForGood(run, web, graceMs, 'drained'));
  if (running !== null) return wakeAgain(run, web, running);
  await leaveSlot(run, record.slot, record.instances);
  await run.write({
    instances: record.instances.map(({ id }) => ({ id, address: null, crashedAt: null })),
    timeline: [{ kind: 'asleep' }],
    wantDone: true,
  });
  run.workshop.wakeSleepKeeper();
}

/** Tried a few times: what passes is waited for. Resolves to what to tell people when it does not; null: it was done. */
async function afterAll(run: DeploymentRun, work: () => Promise<void>): Promise<string | null> {
  const problem = await fewTries(run, work);
  return problem === null ? null : `could not be put to sleep: ${problem}`;
}

/** It cannot be stopped, or not all of it: whoever waits is better off with what runs, once that has passed the gate. */
async function wakeAgain(run: DeploymentRun, web: readonly Instance[], alert: string): Promise<void> {
  await run.write({
    instances: web.map(({ id }) => ({ id, phase: 'starting' })),
    timeline: [{ kind: 'alert', message: alert }],
  });
  await run.reload();
  return wakeUp(run);
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
