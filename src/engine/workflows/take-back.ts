import type { DeploymentEvent } from '../../domain/deployment-state.ts';
import { isFinal } from '../../domain/deployment-state.ts';
import { isLongRunning, processKind } from '../../domain/processes.ts';
import type { JobStatus } from '../../domain/job.ts';
import { isAsleep, sameRoute, stableOnly, type RouteTarget, type SlotNumber } from '../../domain/route.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import { versionBefore } from '../../domain/version-before.ts';
import type { EnvironmentRoute, Verdict } from '../ports/deployment-store.ts';
import { comeBack, finishStopping } from './come-back.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { drainSlot } from './drain-slot.ts';
import { imageOwner } from './image-owner.ts';
import { makeRoom, released } from './recreate.ts';
import { isPaused } from './rollout-scene.ts';
import { serverName } from './router-server.ts';
import { stopInstances } from './stop-instances.ts';
import { hasContainer, hasSlot, otherInstances, webInstances, type InSlot } from './web-instances.ts';

/**
 * Undoes what a deployment did so far, so that what served before serves as before, and nothing is left behind (rule 5.3). Each part
 * looks at what is, so that all of it can be done again after a crash.
 */
export async function takeBack(run: DeploymentRun): Promise<void> {
  const { verdict } = run.record;
  if (verdict === null || isFinal(run.deployment.state)) return;
  const { slot } = run.record;
  if (slot !== null) {
    await makeRoom(run);
    await restoreOld(run, slot);
    await leaveRotation(run, slot);
  }
  await removeInstances(run);
  await run.ports.source.release(run.deployment.id);
  await discardReceived(run);
  await finish(run, verdict);
}

/** The old version gets all its instances back into rotation first, then all of the traffic. */
async function restoreOld(run: DeploymentRun, slot: SlotNumber): Promise<void> {
  const route = await run.ports.deployments.route(run.lease.environmentId);
  const target = route?.target ?? null;
  if (route === null || target === null) return;
  const old = await versionToRestore(run, slot, target);
  if (old === null) {
    // What serves is being deleted, or there is nothing to go back to: its slot must not be given to another while a host leads there.
    if (target.stable === slot) await run.write({ route: null });
    return;
  }
  if (isPaused(old)) return keepStopped(run, old, { ...stableOnly(old.slot), mode: 'paused' }, target);
  if (isAsleep(target)) return keepStopped(run, old, target, target);
  await restore(run, old, { ...route, target });
  await restoreWorkers(run, old);
}

/** What served before and can serve again; null where the deployment is deleted, or was the first. */
async function versionToRestore(run: DeploymentRun, slot: SlotNumber, target: RouteTarget): Promise<InSlot | null> {
  if (target.stable === slot && run.record.want === 'delete') return null;
  const others = (await run.ports.deployments.predecessors(run.lease)).filter(hasSlot);
  // While this one has no more than a share, the route says who has the rest. Whoever else is there came before: the clock may tell it
  // otherwise, where it was set back.
  const { id } = run.deployment;
  const onRoute = others.find((other) => other.slot === target.stable);
  return onRoute ?? versionBefore({ deployment: { id, readyAt: null }, standbyId: run.record.standbyId }, others);
}

async function restore(
  run: DeploymentRun,
  old: InSlot,
  before: EnvironmentRoute & { readonly target: RouteTarget },
): Promise<void> {
  const { target } = before;
  if (target.mode === 'held') await finishStopping(run, old);
  // `recreate` stopped them; another strategy's old instances never stopped.
  await comeBack(run, old, 'web');
  const present = (await run.ports.deployments.record(old.deployment.id))?.instances ?? [];
  const instances = webInstances(present).filter(hasContainer);
  run.assertHeld();
  for (const instance of instances) {
    await run.ports.router.resumeServer(old.slot, serverName(instance), run.leaseSignal);
  }
  const route = stableOnly(old.slot);
  const { timeline = [], measurements } = released(run, before);
  const changed = target.stable !== route.stable || target.candidate !== null || target.mode !== 'serve';
  await run.write({
    instances: instances.map(({ id }) => ({ id, phase: 'serving' })),
    ...(changed ? { route } : {}),
    // Nor is it on record where the observer went back to it by the route alone, and this was to make that good.
    ...(run.record.serves || !old.serves ? { becomesCurrentAgain: old.deployment.id } : {}),
    measurements: measurements ?? {},
    timeline: [...timeline, { kind: 'taken-back', reason: firstLine(run.record.verdict?.reason ?? '') }],
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  run.heldSince = null;
}

/** Nobody waits for them: what serves visitors comes first. */
async function restoreWorkers(run: DeploymentRun, old: InSlot): Promise<void> {
  await comeBack(run, old, 'workers');
  const present = (await run.ports.deployments.record(old.deployment.id))?.instances ?? [];
  const workers = otherInstances(present).filter((one) => hasContainer(one) && isLongRunning({ name: one.process }));
  await run.write({ instances: workers.map(({ id }) => ({ id, phase: 'serving' })) });
}

/** What somebody paused stays so, and only its page is shown again; what sleeps is woken by the next visitor. */
async function keepStopped(run: DeploymentRun, old: InSlot, route: RouteTarget, before: RouteTarget): Promise<void> {
  await run.write({
    ...(sameRoute(route, before) ? {} : { route }),
    ...(run.record.serves ? { becomesCurrentAgain: old.deployment.id } : {}),
    timeline: [{ kind: 'taken-back', reason: firstLine(run.record.verdict?.reason ?? '') }],
  });
}

/** Whatever reached the new version may finish; its instances are no longer said to serve, so that nobody revives them. */
async function leaveRotation(run: DeploymentRun, slot: SlotNumber): Promise<void> {
  const serving = run.record.instances.filter(({ phase }) => phase === 'serving' || phase === 'passed');
  await run.write({ instances: serving.map(({ id }) => ({ id, phase: 'draining' })) });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  const { drainTimeoutMs } = run.deployment.configuration.settings;
  await drainSlot(run, slot, { drainTimeoutMs, signal: run.leaseSignal });
}

async function removeInstances(run: DeploymentRun): Promise<void> {
  const { slot, instances } = run.record;
  run.assertHeld();
  if (slot !== null) await run.ports.router.clearSlot(slot, run.leaseSignal);
  const alive = instances.filter(hasContainer);
  await Promise.all(
    alive.map(({ id, process }) => stopInstances(run, { graceMs: graceOf(run, process), instanceIds: [id] })),
  );
  if (slot === null && alive.length === 0) return;
  await run.write({ instances: alive.map(({ id }) => ({ id, phase: 'failed' })), freeSlotOf: run.deployment.id });
}

/** A worker may be in the middle of a job. What is cancelled has had no traffic, and whoever cancels does not wait (rule 2.2). */
function graceOf(run: DeploymentRun, process: string): number {
  if (run.record.verdict?.outcome === 'cancelled') return 0;
  const { stopGraceMs, drainTimeoutMs } = run.deployment.configuration.settings;
  return processKind(process) === 'worker' ? drainTimeoutMs : stopGraceMs;
}

/** What was sent, and what was pulled or loaded of it, where it never became what the deployment runs. */
async function discardReceived(run: DeploymentRun): Promise<void> {
  const { source, artifact } = run.deployment;
  if ('upload' in source) await run.ports.uploads.remove(source.upload.id);
  if (artifact !== null || (source.kind !== 'image' && source.kind !== 'image-upload')) return;
  const pulled =
    source.kind === 'image' && source.digest !== null ? { reference: source.reference, digest: source.digest } : null;
  await run.ports.imageIntake.forget(imageOwner(run.deployment), pulled, run.leaseSignal);
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
