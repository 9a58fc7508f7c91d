import type { Instance } from '../../domain/deployment.ts';
import { isHealthyAnswer } from '../../domain/health-check.ts';
import { webProcess } from '../../domain/processes.ts';
import type { DesiredDeployment, WorldStore } from '../ports/deployment-store.ts';
import type { InstanceStatus, RuntimeEvent } from '../ports/runtime.ts';
import type { Workshop } from '../workflows/deployment-run.ts';
import { isFallback, serverName, serverOf } from '../workflows/router-server.ts';
import type { Pass } from './reconciler.ts';

type Exited = Extract<RuntimeEvent, { readonly type: 'exited' }>;

interface Crash {
  readonly workshop: Workshop;
  readonly world: WorldStore;
  readonly signal: AbortSignal;
}

/**
 * An instance that serves came to an end by itself. The engine starts it again, with growing pauses and without an end; until it is
 * well it gets no traffic, unless it is the only one: then its requests wait for it (rule 5.5).
 */
export async function noteCrash({ workshop, world, signal }: Crash, event: Exited): Promise<void> {
  if (await isOld(workshop, event, signal)) return;
  const crashed = await world.crashed(event.instanceId, event);
  if (crashed === null) return;
  const { deployment, instance, slot } = crashed;
  workshop.log.warn(
    { deployment: deployment.id, instance: instance.id, exitCode: event.exitCode, restarts: instance.restarts },
    'an instance crashed and is started again',
  );
  if (slot === null || !hasOthers(instance, deployment)) return;
  const { router } = workshop.ports;
  const name = serverName(instance);
  await world.whileOwning({ deploymentId: deployment.id, slot }, async () => {
    const { servers } = await router.snapshot(signal);
    const others = servers.filter((server) => server.slot === slot && server.name !== name && !isFallback(server.name));
    // The last one that is left stays: it may be back before its visitors have given up.
    if (others.some(({ draining }) => !draining)) await router.drainServer(slot, name, signal);
  });
}

/** What is told sooner is of what runs: nobody stops an instance and has it serve again in that time. */
const promptMs = 250;

/** Whoever stood still hears of it late: what ran then was stopped, and what is well by now is another container. */
async function isOld(
  { ports }: Workshop,
  { instanceId, containerId, at }: Exited,
  signal: AbortSignal,
): Promise<boolean> {
  if (Math.abs(ports.clock.now() - at) < promptMs) return false;
  const status = await ports.runtime.status(instanceId, signal);
  return status !== null && containerId !== null && status.containerId !== containerId;
}

/** Until then its event may still be on its way. */
const newsMs = 5_000;

/** It was restarted while nobody listened, and has been up since; of several crashes only the last is told. */
export async function noteMissedCrash(
  { workshop, world }: Pick<Pass, 'workshop' | 'world'>,
  { id, crashedAt }: Instance,
  { startedAt, restarts, outOfMemory }: InstanceStatus,
): Promise<void> {
  const at = startedAt ?? 0;
  if (workshop.ports.clock.now() - at < newsMs) return;
  await world.updateInstances([{ id, restarts: restarts - 1 }]);
  const noted = await world.crashed(id, { at, exitCode: null, outOfMemory });
  // One that was down before may be out of rotation: whoever puts it back says that it is well.
  if (noted !== null) return crashedAt === null ? world.recovered(id) : undefined;
  await world.updateInstances([{ id, restarts }]);
}

/** Those that are up again, and answer as the gate wants it, are put back into rotation. */
export async function tendCrashes(pass: Pass): Promise<void> {
  for (const desired of pass.desired.deployments) {
    for (const instance of desired.instances) {
      if (instance.crashedAt !== null && instance.phase === 'serving')
        pass.inBackground(instance.id, () => recover(pass, desired, instance));
    }
  }
  return Promise.resolve();
}

const lookMs = 250;
/** The pass that comes next looks again. */
const patienceMs = 9_000;

async function recover(pass: Pass, desired: DesiredDeployment, instance: Instance): Promise<void> {
  const { workshop, world, signal } = pass;
  const { clock, runtime } = workshop.ports;
  const deadline = clock.monotonic() + patienceMs;
  for (let passed = 0; clock.monotonic() < deadline; await clock.sleep(lookMs, signal)) {
    const status = await runtime.status(instance.id, signal);
    const address = status?.running === true ? status.address : null;
    passed = address !== null && (await isWell(pass, desired, { ...instance, address })) ? passed + 1 : 0;
    if (address === null || passed < desired.deployment.configuration.settings.health.healthyThreshold) continue;
    await rejoin(pass, desired, { ...instance, address });
    return world.recovered(instance.id);
  }
}

async function isWell(
  { workshop, signal }: Pass,
  { deployment }: DesiredDeployment,
  instance: Instance,
): Promise<boolean> {
  if (instance.process !== webProcess || instance.address === null) return true;
  const { health } = deployment.configuration.settings;
  const target = { kind: 'instance', address: instance.address, port: instance.port } as const;
  return isHealthyAnswer(health, await workshop.ports.prober.probe(target, health, signal));
}

async function rejoin(pass: Pass, { deployment, slot }: DesiredDeployment, instance: Instance): Promise<void> {
  const { workshop, world, signal } = pass;
  const { router } = workshop.ports;
  const { id, address, port } = instance;
  await world.updateInstances([{ id, address }]);
  if (slot === null || !hasOthers(instance, deployment)) return;
  const { replicas } = deployment.configuration.settings;
  await world.whileOwning({ deploymentId: deployment.id, slot }, async () => {
    const { servers } = await router.snapshot(signal);
    const own = servers.filter((server) => server.slot === slot);
    const guarded = own.some(({ name }) => isFallback(name));
    const server = serverOf(instance, replicas, guarded);
    const known = own.find(({ name, endpoint }) => name === server.name && endpoint === `${address}:${port}`);
    // It never left, or another control plane has put it back: visitors may be with it.
    if (known?.draining === false) return;
    // The router's own checks may have found it down, and would be slow to find it up: as a new server it is up at once.
    if (known !== undefined && (await router.inFlight(slot, server.name, signal)) === 0)
      await router.removeServer(slot, server.name, signal);
    await router.addServer(slot, server, signal);
  });
}

/** It is one of several that get traffic. */
export function hasOthers({ process }: Instance, { configuration }: DesiredDeployment['deployment']): boolean {
  return process === webProcess && configuration.settings.replicas > 1;
}
