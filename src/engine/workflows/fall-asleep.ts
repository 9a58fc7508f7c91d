import { graceWithinHold } from '../../domain/hold.ts';
import { stableOnly } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { openSessions } from './drain-slot.ts';
import { leaveSlot } from './leave-slot.ts';
import { stopForGood } from './recreate.ts';
import { reviveInstances } from './revive-instances.ts';
import { hasContainer, hasSlot, otherInstances, webInstances, type InSlot } from './web-instances.ts';

/**
 * Nobody uses what serves: it is stopped until somebody comes (rule 6). Requests wait from before it is stopped, so that none is lost. Done
 * again after a crash it goes on with what is left.
 */
export async function fallAsleep(run: DeploymentRun): Promise<void> {
  const { record } = run;
  if (!hasSlot(record)) throw new Error('a version without a slot was to be put to sleep');
  const { drainTimeoutMs, stopGraceMs, holdTimeoutMs } = record.deployment.configuration.settings;
  // Visitors need not wait while they finish their job.
  await stopForGood(run, otherInstances(record.instances).filter(hasContainer), drainTimeoutMs);
  const web = webInstances(record.instances).filter(hasContainer);
  await run.write({
    // What does not serve any more is not brought back by anybody else.
    instances: web.filter(({ phase }) => phase === 'serving').map(({ id }) => ({ id, phase: 'draining' })),
    route: { ...stableOnly(record.slot), mode: 'asleep' },
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  if (await isUsed(run, record)) return stayAwake(run, record);
  // From here on it is past staying awake.
  await stopForGood(run, web, graceWithinHold(stopGraceMs, holdTimeoutMs, 0), 'drained');
  await leaveSlot(run, record.slot, record.instances);
  await run.write({
    instances: record.instances.map(({ id }) => ({ id, address: null, crashedAt: null })),
    timeline: [{ kind: 'asleep' }],
    wantDone: true,
  });
  run.workshop.wakeSleepKeeper();
}

/** Somebody came just before, and nobody has been asked to stop yet. */
async function isUsed(run: DeploymentRun, { slot, instances }: InSlot): Promise<boolean> {
  const isWhole = webInstances(instances).every(({ phase }) => phase === 'serving' || phase === 'draining');
  return isWhole && (await openSessions(run, slot, run.leaseSignal)) > 0;
}

async function stayAwake(run: DeploymentRun, { slot, instances }: InSlot): Promise<void> {
  await run.write({
    instances: webInstances(instances).map(({ id }) => ({ id, phase: 'serving' })),
    route: stableOnly(slot),
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  await run.reload();
  await reviveInstances(run, { ...run.record, slot }, { processes: 'workers' });
  const workers = otherInstances(run.record.instances).filter(hasContainer);
  await run.write({ instances: workers.map(({ id }) => ({ id, phase: 'serving' })), wantDone: true });
}
