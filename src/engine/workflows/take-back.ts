import type { DeploymentEvent } from '../../domain/deployment-state.ts';
import { isFinal } from '../../domain/deployment-state.ts';
import type { JobStatus } from '../../domain/job.ts';
import { stableOnly, type SlotNumber } from '../../domain/route.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import type { Verdict } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { drainSlot, stopInstances } from './drain-predecessors.ts';
import { serverName } from './router-server.ts';

/**
 * Undoes what a deployment did so far, so that what served before serves as before, and nothing is left behind (rule 5.3). Each part
 * looks at what is, so that all of it can be done again after a crash.
 */
export async function takeBack(run: DeploymentRun): Promise<void> {
  const { verdict } = run.record;
  if (verdict === null || isFinal(run.deployment.state)) return;
  const { slot } = run.record;
  if (slot !== null) {
    await restoreOld(run, slot);
    await leaveRotation(run, slot);
  }
  await removeInstances(run);
  await run.ports.source.release(run.deployment.id);
  await finish(run, verdict);
}

/** The old version gets all its instances back into rotation first, then all of the traffic. */
async function restoreOld(run: DeploymentRun, slot: SlotNumber): Promise<void> {
  const target = (await run.ports.deployments.route(run.lease.environmentId))?.target ?? null;
  if (target === null) return;
  if (target.stable === slot) {
    // What serves is being deleted: its slot must not be given to another while a host still leads there.
    return run.write({ route: null });
  }
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const stable = predecessors.find((other) => other.slot === target.stable);
  const instances = stable?.instances.filter(({ phase }) => phase !== 'stopped' && phase !== 'failed') ?? [];
  run.assertHeld();
  for (const instance of instances) {
    await run.ports.router.resumeServer(target.stable, serverName(instance), run.leaseSignal);
  }
  await run.write({
    instances: instances.map(({ id }) => ({ id, phase: 'serving' })),
    ...(target.candidate === slot ? { route: stableOnly(target.stable) } : {}),
    timeline: [{ kind: 'taken-back', reason: firstLine(run.record.verdict?.reason ?? '') }],
  });
}

/** Whatever reached the new version may finish; its instances are no longer said to serve, so that nobody revives them. */
async function leaveRotation(run: DeploymentRun, slot: SlotNumber): Promise<void> {
  const serving = run.record.instances.filter(({ phase }) => phase === 'serving' || phase === 'passed');
  await run.write({ instances: serving.map(({ id }) => ({ id, phase: 'draining' })) });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  await drainSlot(run, slot, run.deployment.configuration.settings.drainTimeoutMs);
}

async function removeInstances(run: DeploymentRun): Promise<void> {
  const { slot, instances } = run.record;
  run.assertHeld();
  if (slot !== null) await run.ports.router.clearSlot(slot, run.leaseSignal);
  const alive = instances.filter(({ phase }) => phase !== 'stopped' && phase !== 'failed');
  await stopInstances(
    run,
    run.deployment,
    alive.map(({ id }) => id),
  );
  if (slot === null && alive.length === 0) return;
  await run.write({ instances: alive.map(({ id }) => ({ id, phase: 'failed' })), freeSlotOf: run.deployment.id });
}

async function finish(run: DeploymentRun, verdict: Verdict): Promise<void> {
  const status: JobStatus = verdict.outcome === 'failed' ? 'failure' : 'cancelled';
  const open = run.record.jobs.filter((job) => job.status === 'running' || job.status === 'pending');
  const endOf = (current: JobStatus): JobStatus => (current === 'running' ? status : 'cancelled');
  await run.write({
    transition: eventOf(verdict),
    reason: firstLine(verdict.reason),
    jobs: open.map((job) => ({
      type: job.type,
      status: endOf(job.status),
      ...(job.status === 'running' ? { error: verdict.reason } : {}),
    })),
    timeline: open.map((job): TimelineEntry => ({
      kind: 'job.finished',
      job: job.type,
      status: endOf(job.status),
      error: job.status === 'running' ? firstLine(verdict.reason) : null,
    })),
  });
}

function eventOf(verdict: Verdict): DeploymentEvent {
  return { type: verdict.outcome };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
