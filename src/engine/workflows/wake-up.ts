import { isTerminal } from '../../domain/errors.ts';
import { stableOnly } from '../../domain/route.ts';
import { FencedError } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { leaveSlot } from './leave-slot.ts';
import { reviveInstances } from './revive-instances.ts';
import { stopInstances } from './stop-instances.ts';
import { hasContainer, hasSlot, type InSlot } from './web-instances.ts';

const tries = 5;
const firstPauseMs = 500;

/**
 * Somebody waits for what sleeps: it is started, and once it has passed the gate requests go on (rule 6). Where it does not pass, visitors are
 * told so, and it is tried again for the next one after a while.
 */
export async function wakeUp(run: DeploymentRun): Promise<void> {
  const { record } = run;
  if (!hasSlot(record)) throw new Error('a version without a slot was to be woken');
  const began = run.ports.clock.monotonic();
  const { slot } = record;
  const problem = await fewTries(run, () => reviveInstances(run, { ...run.record, slot }));
  if (problem !== null) return stayAsleep(run, record, problem);
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

/** What may pass is waited for a while, and not for ever: visitors wait. Resolves to why it could not be done; null: it was. */
export async function fewTries(run: DeploymentRun, work: () => Promise<void>): Promise<string | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return null;
    } catch (error) {
      if (run.leaseSignal.aborted || error instanceof FencedError) throw error;
      if (isTerminal(error) || attempt >= tries) return error instanceof Error ? error.message : String(error);
      const tried = { deployment: run.deployment.id, want: run.record.want, attempt, error: String(error) };
      run.workshop.log.warn(tried, 'not done yet, trying again');
    }
    await run.ports.clock.sleep(firstPauseMs * 2 ** (attempt - 1), run.leaseSignal);
    await run.reload();
  }
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
