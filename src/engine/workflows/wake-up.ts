import { isTerminal } from '../../domain/errors.ts';
import { stableOnly } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { leaveSlot } from './leave-slot.ts';
import { reviveInstances } from './revive-instances.ts';
import { stopInstances } from './stop-instances.ts';
import { hasContainer, hasSlot, type InSlot } from './web-instances.ts';

/**
 * Somebody waits for what sleeps: it is started, and once it has passed the gate requests go on (rule 6). Where it does not pass, visitors are
 * told so, and it is tried again for the next one after a while.
 */
export async function wakeUp(run: DeploymentRun): Promise<void> {
  const { record } = run;
  if (!hasSlot(record)) throw new Error('a version without a slot was to be woken');
  const began = run.ports.clock.monotonic();
  try {
    await reviveInstances(run, record);
  } catch (error) {
    if (run.leaseSignal.aborted || !isTerminal(error)) throw error;
    return stayAsleep(run, record, error instanceof Error ? error.message : String(error));
  }
  await run.reload();
  const running = run.record.instances.filter(hasContainer);
  await run.write({
    instances: running.map(({ id }) => ({ id, phase: 'serving' })),
    route: stableOnly(record.slot),
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  // Said when it is so: visitors are served.
  const tookMs = run.ports.clock.monotonic() - began;
  await run.write({ timeline: [{ kind: 'awake', tookMs }], wantDone: true });
  run.workshop.wakeSleepKeeper();
}

async function stayAsleep(run: DeploymentRun, { slot }: InSlot, reason: string): Promise<void> {
  await run.reload();
  const running = run.record.instances.filter(hasContainer);
  const ids = running.map(({ id }) => id);
  await run.write({ route: { ...stableOnly(slot), mode: 'unwoken' } });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  await stopInstances(run, { graceMs: 0, instanceIds: ids });
  await leaveSlot(run, slot, running);
  await run.write({
    instances: ids.map((id) => ({ id, phase: 'stopped', address: null })),
    timeline: [{ kind: 'alert', message: `did not wake: ${reason}` }],
    wantDone: true,
  });
  run.workshop.wakeSleepKeeper();
}
