import type { Decision } from '../../domain/evidence/decision.ts';
import type { Measurements } from '../../domain/measurements.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { sharedRoute, shareOfSlot, stableOnly, type RouteTarget } from '../../domain/route.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import { createRerun, variablesOf, type RerunDependencies } from '../commands/create-rerun.ts';
import { Deadline } from '../deadline.ts';
import type { ObservationStore, OpenObservation } from '../ports/observation-store.ts';
import type { Workshop } from '../workflows/deployment-run.ts';
import type { ObservedVersion } from './observed-version.ts';

/** What is needed to do what was decided. */
export interface Hands {
  readonly workshop: Workshop;
  /** Number of this process. */
  readonly owner: number;
  readonly observations: ObservationStore;
  readonly rerun: RerunDependencies;
}

type RollBack = Extract<Decision, { readonly type: 'roll-back' }>;

const followLimitMs = 20_000;

export async function carryOut(hands: Hands, version: ObservedVersion, decision: Decision): Promise<void> {
  switch (decision.type) {
    case 'share':
      return changeShare(hands, version, decision.share);
    case 'roll-back':
      return rollBack(hands, version, decision);
    case 'alert':
      return tell(hands, version, [{ kind: 'alert', message: decision.message }]);
    case 'promote':
    case 'done':
      return undefined;
  }
}

/** Less for the new version is done at once; more is for whoever rolls it out to do, until it has had everything. */
async function changeShare(hands: Hands, version: ObservedVersion, share: number): Promise<void> {
  const { open } = version;
  const now = shareOfSlot(open.route, open.fresh.slot);
  if (share === now || (share > now && open.switchedAt === null)) return;
  const target = targetFor(open, share);
  if (target === null) return;
  const entry: TimelineEntry =
    share < now
      ? { kind: 'suspicion', message: `#${open.fresh.deployment.number} is compared with the version before`, share }
      : { kind: 'cleared', message: `#${open.fresh.deployment.number} gets all of the traffic again` };
  await move(hands, version, target, [entry]);
}

function targetFor({ fresh, standby }: OpenObservation, share: number): RouteTarget | null {
  if (fresh.slot === null) return null;
  if (share >= 100) return { ...stableOnly(fresh.slot), observed: true };
  return standby?.slot == null ? null : sharedRoute(standby.slot, fresh.slot, share);
}

async function move(
  { observations, workshop, owner }: Hands,
  version: ObservedVersion,
  target: RouteTarget,
  timeline: readonly TimelineEntry[],
): Promise<boolean> {
  const { fresh } = version.open;
  version.moving = true;
  try {
    const moved = await observations.moveTraffic({ deploymentId: fresh.deployment.id, owner, target, timeline });
    if (!moved) return false;
    using limit = new Deadline(workshop.ports.clock, followLimitMs);
    await workshop.routes.follow(fresh.deployment.environmentId, limit.signal);
    version.routed(target, workshop.ports.clock.monotonic());
    return true;
  } finally {
    version.moving = false;
  }
}

/**
 * Recorded first, so that a crash in between is made good by whoever leads what was recorded, and so that no worker gives a share again;
 * then the traffic, so that no visitor waits for the rest.
 */
async function rollBack(hands: Hands, version: ObservedVersion, decision: RollBack): Promise<void> {
  const { open } = version;
  const { fresh, standby } = open;
  if (open.route?.mode === 'paused') return undefined;
  const { automatic } = fresh.deployment.configuration.settings.rollback;
  const reason = decision.probable ? `probably ${decision.reason}` : decision.reason;
  if (!automatic || decision.target === 'none' || standby?.slot == null) {
    const hint = standby === null ? 'there is no version to go back to' : 'automatic rollback is off';
    return tell(hands, version, [{ kind: 'alert', message: `${reason}; ${hint}` }]);
  }
  const target = { ...stableOnly(standby.slot), observed: true };
  const decided: TimelineEntry = { kind: 'rollback.decided', to: standby.deployment.number, reason };
  const verdict = { outcome: 'failed' as const, code: 'rolled_back' as const, reason };
  const led = await hands.workshop.ports.deployments.requestTakeBack(fresh.deployment.id, verdict);
  if (!led) await createRollback(hands, open, { bad: fresh.deployment, reason });
  if (!(await move(hands, version, target, [decided]))) await tell(hands, version, [decided]);
  if (led) hands.rerun.wake();
}

/** The version is completed: its end, and the return of the one before, are a deployment of their own. */
async function createRollback(
  { rerun, workshop }: Hands,
  { standby }: OpenObservation,
  { bad, reason }: { readonly bad: Deployment; readonly reason: string },
): Promise<void> {
  if (standby === null) return;
  const { deployment: model } = standby;
  const { deployment } = await createRerun(rerun, {
    model,
    environmentId: bad.environmentId,
    origin: {
      kind: 'rollback',
      deploymentId: model.id,
      number: model.number,
      automatic: true,
      from: { deploymentId: bad.id, number: bad.number },
      currentVariables: false,
      reason,
    },
    trigger: { kind: 'automatic', by: 'cutover', noCache: false },
    configuration: model.configuration,
    variables: variablesOf(rerun, standby),
    idempotency: null,
    onceKey: `rollback-of:${bad.id}`,
  });
  workshop.log.warn({ bad: bad.id, rollback: deployment.id, reason }, 'a deployment is rolled back');
}

async function tell(
  { observations }: Hands,
  { open }: ObservedVersion,
  timeline: readonly TimelineEntry[],
): Promise<void> {
  await observations.note(open.fresh.deployment.id, { timeline });
}

/** Nothing more is told of its requests, and the standby may go. What was rolled back has ended already, unless nothing could be done. */
export async function endObservation(
  hands: Hands,
  version: ObservedVersion,
  measurements: Partial<Measurements>,
): Promise<void> {
  const { fresh, route, view } = version.open;
  const { slot, deployment } = fresh;
  if (slot === null || route?.stable !== slot) return;
  // It has been taken back meanwhile: whoever does that ends the observation too.
  if (route.candidate === null && !(await move(hands, version, stableOnly(slot), [])) && route.mode !== 'paused')
    return;
  const limits = view?.limits ?? 'nothing was seen';
  const closed = await hands.observations.close(deployment.id, {
    ...(version.outcome === 'promoted'
      ? { outcome: 'passed' as const, message: limits }
      : { outcome: 'interrupted' as const, message: 'it did badly, and there was nothing to go back to' }),
    measurements,
  });
  if (closed) hands.workshop.log.info({ deployment: deployment.id }, 'an observation has ended');
}
