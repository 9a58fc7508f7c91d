import type { Instance } from '../../domain/deployment.ts';
import type { EnvironmentSettings } from '../../domain/environment-settings.ts';
import { wantedWorkers, webProcess, type WantedInstance } from '../../domain/processes.ts';
import { strategyToReplace } from '../../domain/rollout-plan.ts';
import type { FreshPhase, OldPhase, RolloutView } from '../../domain/rollout.ts';
import { isAsleep, shareOfSlot, type SlotNumber } from '../../domain/route.ts';
import { FencedError, type DeploymentRecord, type EnvironmentRoute } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { heldMs } from './recreate.ts';
import type { Surroundings } from './surroundings.ts';
import { hasSlot, webInstances, type InSlot } from './web-instances.ts';

/** What a rollout sees when it looks: its own instances as they are wanted, and the version that serves. */
export interface Scene {
  readonly slot: SlotNumber;
  readonly web: readonly Place[];
  readonly workers: readonly Place[];
  /** Of `web`, of the version that serves. */
  readonly old: readonly Instance[];
  readonly stable: InSlot | null;
  /** Every other version that has instances or serves. */
  readonly others: readonly DeploymentRecord[];
  readonly route: EnvironmentRoute;
}

/** An instance that is wanted, and as far as there is one, the instance. */
export interface Place {
  readonly wanted: WantedInstance;
  readonly instance: Instance | null;
}

export async function observeRollout(run: DeploymentRun): Promise<Scene> {
  const { record, deployment, lease } = run;
  // It is taken before the rollout begins, and given back by whoever brings the deployment to its end.
  if (record.slot === null) throw new FencedError(lease.deploymentId);
  const { route, predecessors } = (await run.surroundings.take()) ?? (await lookAround(run));
  if (route === null) throw new Error('the environment was erased while it was deployed to');
  heldMs(run, route);
  const { settings } = deployment.configuration;
  const web = Array.from({ length: settings.replicas }, (_, index) => ({ process: webProcess, ordinal: index + 1 }));
  const stable = servingBeside(predecessors, route);
  return {
    slot: record.slot,
    route,
    stable,
    others: predecessors,
    web: web.map((wanted) => placeOf(record, wanted)),
    workers: wantedWorkers(settings.processes).map((wanted) => placeOf(record, wanted)),
    old: webInstances(stable?.instances ?? [])
      .filter(({ phase }) => phase !== 'failed')
      .map((instance) => asRouted(instance, route)),
  };
}

async function lookAround({ ports, lease }: DeploymentRun): Promise<Surroundings> {
  const [route, predecessors] = await Promise.all([
    ports.deployments.route(lease.environmentId),
    ports.deployments.predecessors(lease),
  ]);
  return { route, predecessors };
}

/** For the next one who observes, if that is soon. */
export function lookAroundAhead(run: DeploymentRun): void {
  run.surroundings.begin(() => lookAround(run));
}

/** A standby that was gone back to by a change of the route alone serves, although its row says that it was drained. */
function asRouted(instance: Instance, { target }: EnvironmentRoute): Instance {
  return instance.phase === 'drained' && target?.mode === 'serve' ? { ...instance, phase: 'serving' } : instance;
}

/** The version among these that the route leads to, and that runs; null where none does. */
export function servingBeside(others: readonly DeploymentRecord[], { target }: EnvironmentRoute): InSlot | null {
  if (isAsleep(target)) return null;
  return others.filter(hasSlot).find((other) => other.slot === target?.stable && !isPaused(other)) ?? null;
}

/** Its instances are stopped: nothing serves, so that there is nothing to share with, and nothing to go back to. */
export function isPaused({ deployment }: Pick<DeploymentRecord, 'deployment'>): boolean {
  return deployment.state === 'paused' && deployment.pausedFrom === 'completed';
}

function placeOf({ instances }: DeploymentRecord, wanted: WantedInstance): Place {
  const instance = instances.find(({ process, ordinal }) => process === wanted.process && ordinal === wanted.ordinal);
  return { wanted, instance: instance ?? null };
}

/** null where nothing serves. */
export function settingsOf(record: DeploymentRecord | null): EnvironmentSettings | null {
  return record?.deployment.configuration.settings ?? null;
}

/** `mayGrow`: what the observation says; asked only where it matters. */
export function viewOf(run: DeploymentRun, scene: Scene, mayGrow: boolean): RolloutView {
  const { settings } = run.deployment.configuration;
  const target = scene.route.target;
  return {
    strategy: strategyToReplace(run.deployment.configuration, settingsOf(scene.stable)),
    fresh: scene.web.map(freshPhase),
    workers: scene.workers.map(freshPhase),
    old: scene.old.map(oldPhase),
    // Not what the route says: it is changed again where the version is suspected.
    switched: run.record.serves,
    held: target?.mode === 'held',
    share: shareOfSlot(target, scene.slot),
    canarySteps: settings.canarySteps,
    mayGrow,
  };
}

function oldPhase({ phase }: Instance): OldPhase {
  return phase === 'serving' || phase === 'draining' || phase === 'stopped' ? phase : 'drained';
}

function freshPhase({ instance }: Place): FreshPhase {
  if (instance === null) return 'absent';
  const { phase } = instance;
  return phase === 'starting' || phase === 'passed' || phase === 'serving' ? phase : 'failed';
}
