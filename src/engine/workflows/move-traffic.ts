import type { Instance } from '../../domain/deployment.ts';
import { strategyToReplace } from '../../domain/rollout-plan.ts';
import { sharedRoute, shareOf, stableOnly, type SlotNumber } from '../../domain/route.ts';
import type { OpenedObservation, Write } from '../ports/deployment-store.ts';
import type { RouterServer } from '../ports/router.ts';
import { allOrNone } from './all-or-none.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { refuseExited } from './gate-failure.ts';
import { serverName, serverOf } from './router-server.ts';
import { released } from './recreate.ts';
import { settingsOf, type Place, type Scene } from './rollout-scene.ts';
import { prepareSlot } from './take-slot.ts';
import { fallbacksFor, otherInstances } from './web-instances.ts';

/** Makes the slot ready and opens the observation, so that whoever observes is there when traffic comes. */
export async function prepareRollout(run: DeploymentRun, scene: Scene): Promise<void> {
  await prepareSlot(run, observationOf(run, scene), scene.others);
}

/** null: this version is not compared with anything. */
export function observationOf(run: DeploymentRun, { stable }: Pick<Scene, 'stable'>): OpenedObservation | null {
  const { settings } = run.deployment.configuration;
  const strategy = strategyToReplace(run.deployment.configuration, settingsOf(stable));
  if (settings.observationMs === 0 && strategy !== 'canary') return null;
  return { standbyId: strategy === 'recreate' ? null : (stable?.deployment.id ?? null) };
}

/** One more new instance takes its part of the traffic, next to the old ones. */
export async function add(run: DeploymentRun, scene: Scene, index: number): Promise<void> {
  const instance = scene.web[index]?.instance;
  if (!instance || scene.stable === null)
    throw new Error('an instance was to be added to a rollout that has nothing to replace');
  const part = shareOf(count(scene.web.map((place) => place.instance)) + 1, count(scene.old));
  await join(run, scene, [instance]);
  await moveTraffic(run, {
    instances: [{ id: instance.id, phase: 'serving' }],
    route: sharedRoute(scene.stable.slot, scene.slot, part),
    timeline: [{ kind: 'traffic.shifting', share: part }],
  });
}

/** One old instance gets nothing new; its container stays until every new instance has passed (rule 5.3). */
export async function retire(run: DeploymentRun, scene: Scene, index: number): Promise<void> {
  const instance = scene.old[index];
  if (!instance || scene.stable === null) throw new Error('there is no old instance to retire');
  const part = shareOf(count(scene.web.map((place) => place.instance)), count(scene.old) - 1);
  run.assertHeld();
  await run.ports.router.drainServer(scene.stable.slot, serverName(instance), run.signal);
  await moveTraffic(run, {
    instances: [{ id: instance.id, phase: 'draining' }],
    route: sharedRoute(scene.stable.slot, scene.slot, part),
    timeline: [{ kind: 'traffic.shifting', share: part }],
  });
}

/** All new instances are in rotation and get this share of the traffic. */
export async function share(run: DeploymentRun, scene: Scene, part: number): Promise<void> {
  if (scene.stable === null) throw new Error('a share was to be given where nothing serves');
  const passed = passedOf(scene.web);
  await join(run, scene, passed);
  await moveTraffic(run, {
    instances: passed.map(({ id }) => ({ id, phase: 'serving' })),
    route: sharedRoute(scene.stable.slot, scene.slot, part),
    timeline: [{ kind: 'traffic.shifting', share: part }],
  });
}

/** Everything new is in rotation, then one atomic change: the route names only the new version. */
export async function switchOver(run: DeploymentRun, scene: Scene): Promise<void> {
  const passed = passedOf(scene.web);
  const workers = passedOf(scene.workers);
  const oldWorkers = otherInstances(scene.stable?.instances ?? []);
  const retired = [...scene.old, ...oldWorkers].filter(({ phase }) => phase === 'serving');
  const { timeline = [], measurements } = released(run, scene.route);
  await join(run, scene, passed, workers);
  await moveTraffic(run, {
    instances: [
      ...[...passed, ...workers].map(({ id }) => ({ id, phase: 'serving' as const })),
      ...retired.map(({ id }) => ({ id, phase: 'draining' as const })),
    ],
    ...observedSwitch(run, scene),
    becomesCurrent: true,
    measurements: { ...run.measured, ...measurements },
    timeline: [...timeline, { kind: 'traffic.shifting', share: 100 }],
  });
  run.heldSince = null;
}

/** The observation's time begins; the version before stays on standby where the settings want that. */
export function observedSwitch(
  run: DeploymentRun,
  scene: Pick<Scene, 'stable' | 'slot'>,
): Pick<Write, 'route' | 'observation'> {
  const opened = observationOf(run, scene);
  const { observationMs, standby } = run.deployment.configuration.settings;
  const route = { ...stableOnly(scene.slot), observed: opened !== null && observationMs > 0 };
  if (opened === null) return { route };
  const keep = standby !== 'none' && observationMs > 0;
  return { route, observation: { standbyId: keep ? opened.standbyId : null, endsInMs: observationMs } };
}

/** Makes sure of instances that have passed, perhaps a while ago, and puts them where the route will lead. */
async function join(
  run: DeploymentRun,
  scene: Scene,
  instances: readonly Instance[],
  workers: readonly Instance[] = [],
): Promise<void> {
  run.assertHeld();
  await allOrNone(run.signal, [
    ...[...instances, ...workers].map((instance) => async (signal: AbortSignal) => {
      if (!hasJustPassed(run, instance)) await refuseExited(run, instance, signal);
      if (!run.keptAlive.has(instance.id)) await run.ports.runtime.keepAlive(instance.id, signal);
      run.keptAlive.add(instance.id);
    }),
    () => addServers(run, scene, instances),
  ]);
}

/** Less than the pause between two probes: to ask the engine would tell nothing that the answer to the last probe did not. */
const justNowMs = 50;

function hasJustPassed(run: DeploymentRun, { id }: Instance): boolean {
  const passedAt = run.passedAt.get(id);
  return passedAt !== undefined && run.ports.clock.monotonic() - passedAt < justNowMs;
}

/** The row first, then the router, which follows it; what the record says now is read after that. */
async function moveTraffic(run: DeploymentRun, change: Write): Promise<void> {
  const first =
    run.deployment.state === 'deploying' && change.instances?.some(({ phase }) => phase === 'serving') === true;
  await run.commit({ ...change, ...(first ? { transition: { type: 'traffic-received' } } : {}) });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
  if (change.observation !== undefined || change.route?.observed !== false) run.workshop.wakeObserver();
  await run.reload();
}

/** Whether the version before stands behind this one. */
export function isGuarded(run: DeploymentRun, scene: Scene): boolean {
  return guardsOf(run, scene).length > 0;
}

function guardsOf(run: DeploymentRun, scene: Scene): ReturnType<typeof fallbacksFor> {
  if (scene.stable === null || observationOf(run, scene)?.standbyId == null) return [];
  return fallbacksFor(scene.stable);
}

/** While the version before is warm, it gets what the new instances refuse to take (`evidence-rule`, section 6). */
export async function addServers(run: DeploymentRun, scene: Scene, instances: readonly Instance[]): Promise<void> {
  await prepareRollout(run, scene);
  const { replicas } = run.deployment.configuration.settings;
  const guards = guardsOf(run, scene);
  run.assertHeld();
  await Promise.all([
    ...guards.map(({ name, instance }) =>
      addServer(run, scene.slot, { kind: 'fallback', name, ...addressOf(instance) }),
    ),
    ...instances.map((instance) => {
      const server = serverOf(instance, replicas);
      const guarded = guards.length > 0 ? { ...server, redundancy: 'guarded' as const } : server;
      return addServer(run, scene.slot, guarded);
    }),
  ]);
}

/** Not again what this process has put there already. */
async function addServer(run: DeploymentRun, slot: SlotNumber, server: RouterServer): Promise<void> {
  const key = JSON.stringify([slot, server]);
  if (run.inRouter.has(key)) return;
  await run.ports.router.addServer(slot, server, run.signal);
  run.inRouter.add(key);
}

function addressOf({ id, address, port }: Instance): { readonly address: string; readonly port: number } {
  if (address === null) throw new Error(`instance ${id} has no address`);
  return { address, port };
}

function passedOf(places: readonly Place[]): readonly Instance[] {
  return places.flatMap(({ instance }) => (instance?.phase === 'passed' ? [instance] : []));
}

function count(instances: readonly (Instance | null)[]): number {
  return instances.filter((instance) => instance?.phase === 'serving').length;
}
