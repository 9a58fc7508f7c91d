import type { DeploymentEvent } from '../../domain/deployment-state.ts';
import { isFinal } from '../../domain/deployment-state.ts';
import type { JobStatus } from '../../domain/job.ts';
import { stableOnly } from '../../domain/route.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import type { Verdict } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { drainSlot, stopInstances } from './drain-predecessors.ts';
import { serverName } from './router-server.ts';

/** Undoes what a deployment did so far, so that what served before serves as before, and nothing is left behind (rule 5.3). */
export async function takeBack(run: DeploymentRun): Promise<void> {
  const { verdict } = run.record;
  if (verdict === null || isFinal(run.deployment.state)) return;
  await giveTrafficBack(run);
  await removeInstances(run);
  await run.ports.source.release(run.deployment.id);
  await finish(run, verdict);
}

/** The old version gets its instances back into rotation first, then all of the traffic. */
async function giveTrafficBack(run: DeploymentRun): Promise<void> {
  const { slot } = run.record;
  const route = await run.ports.deployments.route(run.lease.environmentId);
  const target = route?.target ?? null;
  if (slot === null || target === null || target.candidate !== slot) return;
  const predecessors = await run.ports.deployments.predecessors(run.lease);
  const stable = predecessors.find((other) => other.slot === target.stable);
  const retired = stable?.instances.filter(({ phase }) => phase === 'draining' || phase === 'drained') ?? [];
  run.assertHeld();
  for (const instance of retired)
    await run.ports.router.resumeServer(target.stable, serverName(instance), run.leaseSignal);
  await run.write({
    instances: retired.map(({ id }) => ({ id, phase: 'serving' })),
    route: stableOnly(target.stable),
    timeline: [{ kind: 'taken-back', reason: run.record.verdict?.reason ?? '' }],
  });
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
