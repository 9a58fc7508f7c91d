import { CutoverError, isTerminal } from '../../domain/errors.ts';
import { graceWithinHold, holdParts } from '../../domain/hold.ts';
import { stableOnly } from '../../domain/route.ts';
import { uptimeBetween, type Uptime } from '../../domain/uptime.ts';
import type { DeploymentRecord, EnvironmentRoute, Held, Write } from '../ports/deployment-store.ts';
import { allOrNone } from './all-or-none.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { openSessions } from './drain-slot.ts';
import type { Scene } from './rollout-scene.ts';
import { stopInstances } from './stop-instances.ts';
import { hasContainer, otherInstances, webInstances, type InSlot } from './web-instances.ts';

const pollMs = 50;
/** Where many wait in the router, each looks twice a second whether it may go on. */
const letGoMs = 1_000;

/** From now on requests wait in the router. Workers finish their job before that: visitors need not wait for it. */
export async function holdRequests(run: DeploymentRun, { stable }: Scene): Promise<void> {
  if (stable === null) throw new Error('requests were to be held where nothing serves');
  const workers = otherInstances(stable.instances).filter(hasContainer);
  await stopForGood(run, workers, stable.deployment.configuration.settings.drainTimeoutMs);
  const web = webInstances(stable.instances).filter(hasContainer);
  await run.write({
    route: { ...stableOnly(stable.slot), mode: 'held' },
    // From here on nobody but their worker starts them again.
    instances: web.map(({ id }) => ({ id, phase: 'draining' })),
    timeline: [
      ...(run.planned === null ? [] : [run.planned]),
      { kind: 'traffic.held', uptime: run.ports.clock.uptime() },
    ],
  });
  run.planned = null;
  run.heldSince = run.ports.clock.monotonic();
}

/** Two versions must not run side by side: those in flight may finish for a while, then all that runs is stopped (rule 5.2). */
export async function stopOld(run: DeploymentRun, scene: Scene): Promise<void> {
  const { stable, route } = scene;
  if (stable === null) throw new Error('an old version was to be stopped where nothing serves');
  if (isLate(run, stable, route)) {
    await letGo(run, stable, route);
    return holdRequests(run, scene);
  }
  // A crash between the row and the router must not let requests meet nobody.
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  run.heldInRouterSince ??= run.ports.clock.monotonic();
  await letFinish(run, stable.slot, run.heldInRouterSince);
  // Whoever is on standby may have what only one may have, too.
  const others = await run.ports.deployments.predecessors(run.lease);
  await allOrNone(
    run.leaseSignal,
    others.map((other) => () => stopInTime(run, other, route)),
  );
  for (const other of others) if (other.deployment.id !== stable.deployment.id) await retire(run, other);
}

/** Nobody was there to go on with it: what is left of the hold is not enough, and nobody has been asked to stop yet. */
function isLate(run: DeploymentRun, { instances }: InSlot, route: EnvironmentRoute): boolean {
  const { holdTimeoutMs } = run.deployment.configuration.settings;
  const waited = heldMs(run, route) ?? 0;
  return (
    waited > holdTimeoutMs * holdParts.finish && webInstances(instances).every(({ phase }) => phase === 'draining')
  );
}

/** Those who wait are answered by the old version, which is still there. Nobody's wish has to wait any more, either. */
async function letGo(run: DeploymentRun, { slot, instances }: InSlot, route: EnvironmentRoute): Promise<void> {
  await run.write({
    route: stableOnly(slot),
    instances: webInstances(instances).map(({ id }) => ({ id, phase: 'serving' })),
    ...released(run, route),
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  run.heldSince = null;
  run.heldInRouterSince = null;
  await run.ports.clock.sleep(letGoMs, run.signal);
}

/** Visitors wait for it: where its stop grace is longer than they can, it is killed before that is over, and people are told. */
async function stopInTime(run: DeploymentRun, old: DeploymentRecord, route: EnvironmentRoute): Promise<void> {
  const { deployment, instances } = old;
  const { stopGraceMs } = deployment.configuration.settings;
  const { holdTimeoutMs } = run.deployment.configuration.settings;
  const graceMs = graceWithinHold(stopGraceMs, holdTimeoutMs, heldMs(run, route) ?? 0);
  const began = run.ports.clock.monotonic();
  // From here on nobody is let go to them again.
  await stopForGood(run, instances.filter(hasContainer), graceMs, 'drained');
  if (graceMs === stopGraceMs || run.ports.clock.monotonic() - began < graceMs) return;
  const given = `${(graceMs / 1000).toFixed(1)} s of its ${stopGraceMs / 1000} s to stop`;
  const message = `#${deployment.number} was killed after ${given}: requests wait for at most ${holdTimeoutMs / 1000} s`;
  await run.write({ timeline: [{ kind: 'alert', message }] });
}

/** Nobody can go back to it by a change of the route any more. */
async function retire(run: DeploymentRun, { deployment, slot }: DeploymentRecord): Promise<void> {
  if (slot !== null) await run.ports.router.clearSlot(slot, run.leaseSignal);
  const reason = `only one version may run while #${run.deployment.number} replaces what serves`;
  await run.write({ retired: { deploymentId: deployment.id, reason }, freeSlotOf: deployment.id });
}

/** `since`: from then on nothing new came. The row says it earlier, and whoever wrote it may have died before the router heard of it. */
async function letFinish(run: DeploymentRun, slot: number, since: number): Promise<void> {
  const { clock } = run.ports;
  const { holdTimeoutMs, drainTimeoutMs } = run.deployment.configuration.settings;
  const deadline = since + Math.min(drainTimeoutMs, holdTimeoutMs * holdParts.finish);
  while (clock.monotonic() < deadline && (await openSessions(run, slot, run.signal)) > 0) {
    await clock.sleep(pollMs, run.signal);
  }
}

/** Unlike elsewhere it matters that they are gone: what comes next may not run beside them. */
export async function stopForGood(
  run: DeploymentRun,
  instances: DeploymentRun['record']['instances'],
  graceMs: number,
  meanwhile: 'draining' | 'drained' = 'draining',
): Promise<void> {
  if (instances.length === 0) return;
  const ids = instances.map(({ id }) => id);
  await run.write({ instances: ids.map((id) => ({ id, phase: meanwhile })) });
  run.assertHeld();
  await stopInstances(run, { graceMs, instanceIds: ids });
  const left = await Promise.all(ids.map((id) => run.ports.runtime.status(id, run.leaseSignal)));
  if (left.some((status) => status?.running === true))
    throw new CutoverError('runtime_unavailable', 'an instance of the version before could not be stopped');
  await run.write({ instances: ids.map((id) => ({ id, phase: 'stopped' })) });
}

/** A new version that failed while requests wait goes at once, so that the old one can come back (rule 5.2). */
export async function makeRoom(run: DeploymentRun): Promise<void> {
  if (!(await isHeld(run))) return;
  const { stopGraceMs, holdTimeoutMs } = run.deployment.configuration.settings;
  const own = run.record.instances.filter(hasContainer);
  await stopForGood(run, own, Math.min(stopGraceMs, holdTimeoutMs * holdParts.leave));
}

/** How long requests have been waiting; null where they do not. */
export function heldMs(run: DeploymentRun, { target, held }: EnvironmentRoute): number | null {
  if (target?.mode !== 'held') return null;
  const { clock } = run.ports;
  const now = clock.monotonic();
  run.heldSince ??= now - (held === null ? 0 : lengthOf(held, clock.uptime()));
  return now - run.heldSince;
}

/** As the machine's own clock tells it. The other one may have been set; since the machine was started nobody has waited for longer than that. */
function lengthOf({ forMs, since }: Held, uptime: Uptime): number {
  const told = since === null ? null : uptimeBetween(since, uptime);
  return told ?? Math.min(Math.max(0, forMs), uptime.ms);
}

/** Whether visitors wait now, also after a crash: then the deployment is not left alone. */
export async function isHeld(run: DeploymentRun): Promise<boolean> {
  const route = await run.ports.deployments.route(run.lease.environmentId);
  return route !== null && heldMs(run, route) !== null;
}

/** Written together with the route that lets them go on. */
export function released(run: DeploymentRun, route: EnvironmentRoute): Pick<Write, 'timeline' | 'measurements'> {
  const waited = heldMs(run, route);
  if (waited === null) return {};
  return { timeline: [{ kind: 'traffic.released', heldMs: waited }], measurements: { heldMs: waited } };
}

/** The new version did not pass before the old one had to be started again. */
export class HoldOver extends CutoverError {}

/**
 * While requests wait, the new version has until the old one must be started again, so that visitors are answered in time: then the
 * work is aborted, and rejects with `gate_failed`. Without a hold it has all the time it takes.
 */
export async function withinHold(
  run: DeploymentRun,
  { route }: Scene,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const alreadyMs = heldMs(run, route);
  if (alreadyMs === null) return work(run.signal);
  const { holdTimeoutMs } = run.deployment.configuration.settings;
  return within(run, holdTimeoutMs * holdParts.passed - alreadyMs, work);
}

/** The old version, of so many replicas, has what is left of it to come back. Without a hold it has all the time it takes. */
export async function withinRestOfHold(
  run: DeploymentRun,
  replicas: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (run.heldSince === null) return work(run.leaseSignal);
  const { holdTimeoutMs } = run.deployment.configuration.settings;
  const leftMs = run.heldSince + holdTimeoutMs * holdParts.returned - run.ports.clock.monotonic();
  const least = replicas > 1 ? holdParts.leastReturnOfSeveral : holdParts.leastReturn;
  return within(run, Math.max(holdTimeoutMs * least, leftMs), work);
}

/** Rejects with `HoldOver`, or with whatever the work makes of it. */
async function within(run: DeploymentRun, leftMs: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { holdTimeoutMs } = run.deployment.configuration.settings;
  const over = new AbortController();
  const done = new AbortController();
  const watching = run.ports.clock.sleep(Math.max(0, leftMs), AbortSignal.any([run.signal, done.signal])).then(
    () => over.abort(holdOver(holdTimeoutMs)),
    // The work is done, or nobody wants it: there is nothing left to watch.
    () => undefined,
  );
  try {
    await work(AbortSignal.any([run.signal, over.signal]));
  } catch (error) {
    if (!isTerminal(error)) over.signal.throwIfAborted();
    throw error;
  } finally {
    done.abort();
    await watching;
  }
}

function holdOver(holdTimeoutMs: number): HoldOver {
  const limit = `${holdTimeoutMs / 1000} s`;
  return new HoldOver(
    'gate_failed',
    `gate (not healthy in time: requests wait for at most ${limit}, and the version before needs some of that to come back)`,
  );
}

/** A worker without a check cannot be waited for as long as visitors wait: while they do, this is how long it must stay up. */
export function stayUpLimitMs(run: DeploymentRun): number {
  return run.heldSince === null ? Infinity : run.deployment.configuration.settings.holdTimeoutMs * holdParts.finish;
}
