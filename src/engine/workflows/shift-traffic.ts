import type { Artifact } from '../../domain/artifact.ts';
import type { Instance } from '../../domain/deployment.ts';
import { resolvePort } from '../../domain/environment-settings.ts';
import {
  nextRolloutAction,
  type FreshPhase,
  type OldPhase,
  type RolloutAction,
  type RolloutView,
} from '../../domain/rollout.ts';
import { shareOf, stableOnly, type SlotNumber } from '../../domain/route.ts';
import type { DeploymentRecord, EnvironmentRoute, Write } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { allOrNone } from './all-or-none.ts';
import { refuseExited } from './gate-failure.ts';
import { gateInstance } from './gate-instance.ts';
import { serverName, serverOf } from './router-server.ts';
import { startInstance } from './start-instance.ts';
import { prepareSlot } from './take-slot.ts';

type ImageArtifact = Extract<Artifact, { type: 'image' }>;

/** What a rollout sees when it looks: its own instances by ordinal, and the version that serves. */
interface Scene {
  readonly slot: SlotNumber;
  readonly fresh: readonly (Instance | null)[];
  readonly old: readonly Instance[];
  readonly stable: DeploymentRecord | null;
  readonly route: EnvironmentRoute;
}

/** Observe, ask the domain what is next, do it; until the route names only the new version. */
export async function shiftTraffic(run: DeploymentRun, artifact: ImageArtifact): Promise<void> {
  for (;;) {
    const scene = await observe(run);
    const action = nextRolloutAction(viewOf(run, scene));
    if (action.type === 'done') return;
    await act(run, artifact, { scene, action });
  }
}

async function observe(run: DeploymentRun): Promise<Scene> {
  const { record, deployment, lease } = run;
  if (record.slot === null) throw new Error('a rollout was begun without a slot');
  const route = await run.ports.deployments.route(lease.environmentId);
  if (route === null) throw new Error('the environment was erased while it was deployed to');
  const predecessors = await run.ports.deployments.predecessors(lease);
  const stable = predecessors.find((other) => other.slot !== null && other.slot === route.target?.stable) ?? null;
  const ordinals = Array.from({ length: deployment.configuration.settings.replicas }, (_, index) => index + 1);
  return {
    slot: record.slot,
    route,
    stable,
    fresh: ordinals.map((ordinal) => record.instances.find((instance) => instance.ordinal === ordinal) ?? null),
    old: stable?.instances.filter((instance) => ['serving', 'draining', 'drained'].includes(instance.phase)) ?? [],
  };
}

function viewOf(run: DeploymentRun, scene: Scene): RolloutView {
  return {
    strategy: run.deployment.configuration.settings.strategy,
    fresh: scene.fresh.map(freshPhase),
    old: scene.old.map(oldPhase),
    switched: scene.route.target?.stable === scene.slot,
  };
}

function oldPhase({ phase }: Instance): OldPhase {
  return phase === 'serving' || phase === 'draining' ? phase : 'drained';
}

function freshPhase(instance: Instance | null): FreshPhase {
  if (instance === null) return 'absent';
  if (instance.phase === 'starting' || instance.phase === 'passed' || instance.phase === 'serving')
    return instance.phase;
  return 'failed';
}

async function act(
  run: DeploymentRun,
  artifact: ImageArtifact,
  step: { scene: Scene; action: RolloutAction },
): Promise<void> {
  const { scene, action } = step;
  switch (action.type) {
    case 'start':
      return allOrNone(run.signal, [() => start(run, artifact, action.indexes), () => prepareSlot(run)]);
    case 'gate':
      return gate(run, artifact, { scene, indexes: action.indexes });
    case 'add':
      return add(run, scene, action.index);
    case 'retire':
      return retire(run, scene, action.index);
    case 'switch':
      return switchOver(run, scene);
    case 'fail':
    case 'done':
      throw new Error(`a rollout was left in an impossible state: ${action.type}`);
  }
}

async function gate(
  run: DeploymentRun,
  artifact: ImageArtifact,
  { scene, indexes }: { readonly scene: Scene; readonly indexes: readonly number[] },
): Promise<void> {
  const instances = indexes.flatMap((index) => scene.fresh[index] ?? []);
  // While no route names the slot, nobody reaches a server in it, so it can be put there before it has passed. Not one of several:
  // those are checked by the router too, which would hold one that is still starting to be down when traffic comes.
  const alone = run.deployment.configuration.settings.replicas === 1;
  const early = alone ? instances.filter(({ address }) => address !== null) : [];
  await allOrNone(run.signal, [
    ...instances.map((instance) => (signal: AbortSignal) => gateInstance(run, artifact, instance, signal)),
    () => addServers(run, scene.slot, early),
  ]);
}

async function start(run: DeploymentRun, artifact: ImageArtifact, indexes: readonly number[]): Promise<void> {
  const port = resolvePort(run.deployment.configuration.settings.port, artifact.exposedPorts);
  run.assertHeld();
  await run.ports.deployments.addInstances(
    run.lease,
    indexes.map((index) => ({ id: run.ports.random.id(), process: 'web', ordinal: index + 1, port })),
  );
  await run.reload();
  const added = run.record.instances.filter((instance) => indexes.includes(instance.ordinal - 1));
  await allOrNone(
    run.signal,
    added.map((instance) => () => startInstance(run, artifact, instance)),
  );
  await run.write({
    instances: added.map(({ id }) => ({ id, address: run.started.get(id)?.address ?? null })),
    timeline: added.map(({ ordinal }) => ({ kind: 'instance.starting', ordinal })),
  });
}

/** One more new instance takes its part of the traffic, next to the old ones. */
async function add(run: DeploymentRun, scene: Scene, index: number): Promise<void> {
  const instance = scene.fresh[index];
  const stableSlot = scene.stable?.slot ?? null;
  if (!instance || stableSlot === null)
    throw new Error('an instance was to be added to a rollout that has nothing to replace');
  const serving = count(scene.fresh, 'serving') + 1;
  const share = shareOf(serving, count(scene.old, 'serving'));
  await join(run, scene.slot, [instance]);
  await moveTraffic(run, {
    instances: [{ id: instance.id, phase: 'serving' }],
    route: { stable: stableSlot, candidate: scene.slot, share },
    timeline: [{ kind: 'traffic.shifting', share }],
  });
}

/** One old instance gets nothing new; its container stays until every new instance has passed (rule 5.3). */
async function retire(run: DeploymentRun, scene: Scene, index: number): Promise<void> {
  const instance = scene.old[index];
  const stableSlot = scene.stable?.slot ?? null;
  if (!instance || stableSlot === null) throw new Error('there is no old instance to retire');
  const share = shareOf(count(scene.fresh, 'serving'), count(scene.old, 'serving') - 1);
  run.assertHeld();
  await run.ports.router.drainServer(stableSlot, serverName(instance), run.signal);
  await moveTraffic(run, {
    instances: [{ id: instance.id, phase: 'draining' }],
    route: { stable: stableSlot, candidate: scene.slot, share },
    timeline: [{ kind: 'traffic.shifting', share }],
  });
}

/** Everything new is in rotation, then one atomic change: the route names only the new version. */
async function switchOver(run: DeploymentRun, scene: Scene): Promise<void> {
  const passed = scene.fresh.flatMap((instance) => (instance?.phase === 'passed' ? [instance] : []));
  const retired = scene.old.filter(({ phase }) => phase === 'serving');
  await join(run, scene.slot, passed);
  await moveTraffic(run, {
    instances: [
      ...passed.map(({ id }) => ({ id, phase: 'serving' as const })),
      ...retired.map(({ id }) => ({ id, phase: 'draining' as const })),
    ],
    route: stableOnly(scene.slot),
    becomesCurrent: true,
    timeline: [{ kind: 'traffic.shifting', share: 100 }],
  });
}

/** Makes sure of instances that have passed, perhaps a while ago, and puts them where the route will lead. */
async function join(run: DeploymentRun, slot: SlotNumber, instances: readonly Instance[]): Promise<void> {
  run.assertHeld();
  await allOrNone(run.signal, [
    ...instances.map((instance) => async (signal: AbortSignal) => {
      await refuseExited(run, instance, signal);
      await run.ports.runtime.keepAlive(instance.id, signal);
    }),
    () => addServers(run, slot, instances),
  ]);
}

/** The row first, then the router, which follows it. */
async function moveTraffic(run: DeploymentRun, change: Write): Promise<void> {
  const first =
    run.deployment.state === 'deploying' && change.instances?.some(({ phase }) => phase === 'serving') === true;
  await run.write({ ...change, ...(first ? { transition: { type: 'traffic-received' } } : {}) });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
}

async function addServers(run: DeploymentRun, slot: SlotNumber, instances: readonly Instance[]): Promise<void> {
  await prepareSlot(run);
  const { replicas } = run.deployment.configuration.settings;
  run.assertHeld();
  await Promise.all(
    instances.map((instance) => run.ports.router.addServer(slot, serverOf(instance, replicas), run.signal)),
  );
}

function count(instances: readonly (Instance | null)[], phase: Instance['phase']): number {
  return instances.filter((instance) => instance?.phase === phase).length;
}
