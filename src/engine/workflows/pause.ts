import { stableOnly } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { drainSlot } from './drain-slot.ts';
import { leaveSlot } from './leave-slot.ts';
import { reviveInstances } from './revive-instances.ts';
import { serverName } from './router-server.ts';
import { stopInstances } from './stop-instances.ts';
import { hasContainer, otherInstances, webInstances } from './web-instances.ts';

/** A rollout stays as it is: what runs goes on running, and the share stays what it is (rule 2.2). */
export async function pauseRollout(run: DeploymentRun): Promise<void> {
  run.say('paused');
  const { slot, instances } = run.record;
  // What was put there and is not on record as serving: nobody would see to its address.
  const joined = webInstances(instances).filter(({ phase }) => phase === 'starting' || phase === 'passed');
  if (slot !== null)
    for (const instance of joined) await run.ports.router.drainServer(slot, serverName(instance), run.leaseSignal);
  await run.write({ transition: { type: 'paused' }, wantDone: true });
}

/** What serves is stopped, and its visitors are told so. Done again after a crash it goes on with what is left. */
export async function pauseServing(run: DeploymentRun): Promise<void> {
  const { slot, instances, deployment } = run.record;
  const { drainTimeoutMs, stopGraceMs } = deployment.configuration.settings;
  const running = instances.filter(hasContainer);
  const ids = running.map(({ id }) => id);
  if (slot !== null) {
    // What does not serve any more is not brought back by anybody.
    await run.write({
      instances: ids.map((id) => ({ id, phase: 'draining' })),
      route: { ...stableOnly(slot), mode: 'paused' },
    });
    await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
    await drainSlot(run, slot, { drainTimeoutMs, signal: run.leaseSignal });
  }
  run.assertHeld();
  await Promise.all([
    stopInstances(run, { graceMs: stopGraceMs, instanceIds: webInstances(running).map(({ id }) => id) }),
    stopInstances(run, { graceMs: drainTimeoutMs, instanceIds: otherInstances(running).map(({ id }) => id) }),
  ]);
  if (slot !== null) await leaveSlot(run, slot, running);
  await run.write({
    instances: ids.map((id) => ({ id, phase: 'stopped', address: null, crashedAt: null })),
    transition: { type: 'paused' },
    wantDone: true,
  });
}

/** Resolves to whether there is more to do: a rollout goes on, what serves just serves again. */
export async function resume(run: DeploymentRun): Promise<boolean> {
  const { want, deployment } = run.record;
  const to = deployment.pausedFrom;
  if (to === null || (want !== 'resume' && want !== 'take-back')) {
    // It is to end, and that is not done by whoever leads it.
    await run.write({ wantDone: true });
    return false;
  }
  if (to === 'completed') {
    await resumeServing(run);
    return false;
  }
  // What is to be taken back is wanted until it is.
  await run.write({ transition: { type: 'resumed', to }, ...(want === 'resume' ? { wantDone: true } : {}) });
  return true;
}

/** Through the gate again; where that fails it stays paused, and says why. */
async function resumeServing(run: DeploymentRun): Promise<void> {
  const { slot } = run.record;
  if (slot === null) throw new Error('a version without a slot was to be resumed');
  try {
    await reviveInstances(run, { ...run.record, slot });
  } catch (error) {
    if (run.leaseSignal.aborted) throw error;
    return stayPaused(run, error instanceof Error ? error.message : String(error));
  }
  await run.reload();
  const running = run.record.instances.filter(hasContainer);
  await run.write({ instances: running.map(({ id }) => ({ id, phase: 'serving' })), route: stableOnly(slot) });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  // Said when it is so: visitors are served.
  await run.write({ transition: { type: 'resumed', to: 'completed' }, wantDone: true });
}

async function stayPaused(run: DeploymentRun, reason: string): Promise<void> {
  await run.reload();
  const { slot, instances } = run.record;
  const running = instances.filter(hasContainer);
  const ids = running.map(({ id }) => id);
  await stopInstances(run, { graceMs: 0, instanceIds: ids });
  if (slot !== null) await leaveSlot(run, slot, running);
  await run.write({
    reason: `not resumed: ${reason.split('\n', 1)[0] ?? ''}`,
    instances: ids.map((id) => ({ id, phase: 'stopped', address: null })),
    timeline: [{ kind: 'alert', message: `not resumed: ${reason}` }],
    wantDone: true,
  });
}
