import type { Artifact } from '../../domain/artifact.ts';
import type { Instance } from '../../domain/deployment.ts';
import { resolvePort } from '../../domain/environment-settings.ts';
import { nextRolloutAction, type FreshPhase, type OldPhase, type RolloutAction, type RolloutView } from '../../domain/rollout.ts';
import { shareOf, stableOnly, type SlotNumber } from '../../domain/route.ts';
import type { DeploymentRecord, EnvironmentRoute } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { gateInstance } from './gate-instance.ts';
import { serverName, serverOf } from './router-server.ts';
import { startInstance } from './start-instance.ts';

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
    old: scene.old.map((instance) => instance.phase as OldPhase),
    switched: scene.route.target?.stable === scene.slot,
  };
}

function freshPhase(instance: Instance | null): FreshPhase {
  if (instance === null) return 'absent';
  if (instance.phase === 'starting' || instance.phase === 'passed' || instance.phase === 'serving') return instance.phase;
  return 'failed';
}

async function act(run: DeploymentRun, artifact: ImageArtifact, step: { scene: Scene; action: RolloutAction }): Promise<void> {
  const { scene, action } = step;
  switch (action.type) {
    case 'start':
      return start(run, artifact, action.indexes);
    case 'gate': {
      const instances = action.indexes.flatMap((index) => scene.fresh[index] ?? []);
      await Promise.all(instances.map((instance) => gateInstance(run, artifact, instance)));
      return;
    }
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

async function start(run: DeploymentRun, artifact: ImageArtifact, indexes: readonly number[]): Promise<void> {
  const port = resolvePort(run.deployment.configuration.settings.port, artifact.exposedPorts);
  run.assertHeld();
  await run.ports.deployments.addInstances(
    run.lease,
    indexes.map((index) => ({ id: run.ports.random.id(), process: 'web', ordinal: index + 1, port })),
  );
  await run.reload();
  const added = run.record.instances.filter((instance) => indexes.includes(instance.ordinal - 1));
  await Promise.all(added.map((instance) => startInstance(run, artifact, instance)));
  await run.write({ timeline: added.map(({ ordinal }) => ({ kind: 'instance.starting', ordinal })) });
}

/** One more new instance takes its part of the traffic, next to the old ones. */
async function add(run: DeploymentRun, scene: Scene, index: number): Promise<void> {
  const instance = scene.fresh[index];
  const stableSlot = scene.stable?.slot ?? null;
  if (!instance || stableSlot === null) throw new Error('an instance was to be added to a rollout that has nothing to replace');
  await bringIn(run, scene.slot, [instance]);
  const serving = scene.fresh.filter((other) => other?.phase === 'serving').length + 1;
  const share = shareOf(serving, scene.old.filter((other) => other.phase === 'serving').length);
  await run.write({
    instances: [{ id: instance.id, phase: 'serving' }],
    route: { stable: stableSlot, candidate: scene.slot, share },
    timeline: [{ kind: 'traffic.shifting', share }],
    ...(run.deployment.state === 'deploying' ? { transition: { type: 'traffic-received' } } : {}),
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
}

/** One old instance gets nothing new; its container stays until every new instance has passed (rule 5.3). */
async function retire(run: DeploymentRun, scene: Scene, index: number): Promise<void> {
  const instance = scene.old[index];
  const stableSlot = scene.stable?.slot ?? null;
  if (!instance || stableSlot === null) throw new Error('there is no old instance to retire');
  const serving = scene.fresh.filter((other) => other?.phase === 'serving').length;
  const share = shareOf(serving, scene.old.filter((other) => other.phase === 'serving').length - 1);
  await run.write({
    instances: [{ id: instance.id, phase: 'draining' }],
    route: { stable: stableSlot, candidate: scene.slot, share },
    timeline: [{ kind: 'traffic.shifting', share }],
  });
  await run.ports.router.drainServer(stableSlot, serverName(instance), run.signal);
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
}

/** Everything new is in rotation, then one atomic change: the route names only the new version. */
async function switchOver(run: DeploymentRun, scene: Scene): Promise<void> {
  const passed = scene.fresh.flatMap((instance) => (instance?.phase === 'passed' ? [instance] : []));
  await bringIn(run, scene.slot, passed);
  await run.write({
    instances: [
      ...passed.map(({ id }) => ({ id, phase: 'serving' as const })),
      ...scene.old.filter(({ phase }) => phase === 'serving').map(({ id }) => ({ id, phase: 'draining' as const })),
    ],
    route: stableOnly(scene.slot),
    becomesCurrent: true,
    timeline: [{ kind: 'traffic.shifting', share: 100 }],
    ...(run.deployment.state === 'deploying' ? { transition: { type: 'traffic-received' } } : {}),
  });
  await run.workshop.routes.follow(run.lease.environmentId, run.leaseSignal);
}

async function bringIn(run: DeploymentRun, slot: SlotNumber, instances: readonly Instance[]): Promise<void> {
  const { replicas } = run.deployment.configuration.settings;
  await Promise.all(
    instances.flatMap((instance) => [
      run.ports.router.addServer(slot, serverOf(instance, replicas), run.signal),
      run.ports.runtime.keepAlive(instance.id, run.signal),
    ]),
  );
}
