import type { Deployment, Instance } from '../../domain/deployment.ts';
import { isAsleep } from '../../domain/route.ts';
import type { DesiredDeployment } from '../ports/deployment-store.ts';
import { holdsEnvironment } from '../../domain/deployment-state.ts';
import { openConfiguration } from '../workflows/open-configuration.ts';
import { bundleServer, isFallback, serverName, serverOf } from '../workflows/router-server.ts';
import { webProcess } from '../../domain/processes.ts';
import { instanceSpec } from '../workflows/start-instance.ts';
import { webInstances } from '../workflows/web-instances.ts';
import { hasOthers, noteMissedCrash } from './tend-crashes.ts';
import type { Pass } from './reconciler.ts';
import { tendFallbacks } from './tend-fallbacks.ts';

/** What serves is in the router under its present address, and its output is kept. */
export async function tendInstances(pass: Pass): Promise<void> {
  // What is being deleted is not brought back.
  const environments = new Set(
    // Nor, while requests wait, what may not run beside its successor or is to sleep: that is its worker's to say.
    pass.desired.routes.flatMap(({ environmentId, target }) =>
      target?.mode === 'held' || isAsleep(target) ? [] : [environmentId],
    ),
  );
  for (const desired of pass.desired.deployments) {
    if (!environments.has(desired.deployment.environmentId) || desired.role === 'left') continue;
    await pass.attempt(() => tendBundle(pass, desired));
    for (const instance of desired.instances) await pass.attempt(() => tend(pass, desired, instance));
    await pass.attempt(() => tendFallbacks(pass, desired));
    if (desired.deployment.state === 'completed') await pass.attempt(() => removeUnknown(pass, desired));
  }
}

/** A bundle has no instance: its server in the router is all there is. */
async function tendBundle(
  { workshop, world, found, signal }: Pass,
  { deployment, slot }: DesiredDeployment,
): Promise<void> {
  const { artifact } = deployment;
  if (deployment.state !== 'completed' || artifact?.type !== 'bundle' || slot === null) return;
  if (found.serversIn(slot).some((server) => server.name === bundleServer)) return;
  const { bundle, spa } = artifact;
  await world.whileOwning({ deploymentId: deployment.id, slot }, () =>
    workshop.ports.router.addServer(slot, { kind: 'static', name: bundleServer, bundle, spa }, signal),
  );
}

async function tend(pass: Pass, desired: DesiredDeployment, instance: Instance): Promise<void> {
  const { world, found } = pass;
  let status = found.container(instance.id);
  // Somebody is at it.
  if (pass.workshop.watch.isExpected(instance.id)) return;
  if (status === undefined && isToHaveContainer(pass, desired, instance)) {
    status = await bringBack(pass, desired, instance);
  }
  if (status === undefined) return;
  follow(pass, desired, instance);
  const { address, restarts, running } = status;
  // The engine does that by itself; it gives up where a restart itself fails, and then somebody has to ask again.
  if (isUp(instance) && !running) await pass.workshop.ports.runtime.keepAlive(instance.id, pass.signal);
  if (!isUp(instance) || !running || address === null) return;
  if (instance.address !== address && !(await isStillAt(pass, instance.id, address))) return;
  // One of several that crashed comes back into rotation when it is well again, not before.
  const waits = instance.crashedAt !== null && hasOthers(instance, desired.deployment);
  if (desired.slot !== null && instance.process === webProcess && !waits)
    await correctServer(pass, { ...desired, slot: desired.slot }, { ...instance, address });
  if (instance.address !== address) await world.updateInstances([{ id: instance.id, address }]);
  if (restarts > instance.restarts) await noteMissedCrash(pass, instance, status);
}

/** What was found may be old by now, and the address somebody else's. */
async function isStillAt({ workshop, signal }: Pass, instanceId: string, address: string): Promise<boolean> {
  const status = await workshop.ports.runtime.status(instanceId, signal);
  return status?.running === true && status.address === address;
}

/** What serves; and what is on standby or being replaced, unless somebody is changing the environment and may be about to stop it. */
function isToHaveContainer({ versions }: Pass, { deployment }: DesiredDeployment, instance: Instance): boolean {
  if (instance.phase === 'serving') return true;
  const others = versions.get(deployment.environmentId) ?? [];
  const busy = others.some((other) => holdsEnvironment(other.deployment.state));
  // It may still be draining: a rollout can be paused while it does, and what serves be half replaced.
  return isUp(instance) && !busy;
}

/** It gets traffic, or may get it again: what is on standby. Workers never are. */
function isUp({ phase, process }: Instance): boolean {
  return phase === 'serving' || (process === webProcess && (phase === 'draining' || phase === 'drained'));
}

/** Only while the slot is still this version's: what was found may be old by now. */
async function correctServer(
  { workshop, world, found, signal }: Pass,
  { deployment, slot }: DesiredDeployment & { readonly slot: number },
  instance: Instance,
): Promise<void> {
  const { router } = workshop.ports;
  const name = serverName(instance);
  const server = found.serversIn(slot).find((known) => known.name === name);
  const wrong = server?.endpoint !== `${instance.address}:${instance.port}`;
  // While a deployment is led, its worker says who is drained.
  const forgotten =
    server?.draining === true && deployment.state === 'completed' && !isBeingReplaced(deployment, found);
  if (!wrong && !forgotten) return;
  const { replicas } = deployment.configuration.settings;
  const guarded = found.serversIn(slot).some((known) => isFallback(known.name));
  await world.whileOwning({ deploymentId: deployment.id, slot }, async () => {
    if (wrong) await router.addServer(slot, serverOf(instance, replicas, guarded), signal);
    if (forgotten) await router.resumeServer(slot, name, signal);
  });
}

/** A candidate has its share of the host: old servers are drained on purpose. */
function isBeingReplaced({ configuration }: Deployment, found: Pass['found']): boolean {
  return configuration.hosts.some((host) => (found.router.routes.get(host)?.candidate ?? null) !== null);
}

/** Servers in the slot that are neither instances of the version nor its bundle: left by a crash. */
async function removeUnknown({ workshop, world, found, signal }: Pass, desired: DesiredDeployment): Promise<void> {
  const { slot, instances, deployment } = desired;
  if (slot === null) return;
  const known = new Set(webInstances(instances).map(serverName));
  if (deployment.artifact?.type === 'bundle') known.add(bundleServer);
  // Servers that stand for the version before go when that goes.
  const unknown = found.serversIn(slot).filter(({ name }) => !known.has(name) && !isFallback(name));
  for (const { name } of unknown) {
    await world.whileOwning({ deploymentId: deployment.id, slot }, () =>
      workshop.ports.router.removeServer(slot, name, signal),
    );
  }
}

/** Somebody removed the container of an instance that serves: it is made again from the deployment's own configuration. */
async function bringBack({ workshop, signal }: Pass, desired: DesiredDeployment, instance: Instance) {
  const { runtime, deployments } = workshop.ports;
  const { deployment } = desired;
  if (deployment.artifact?.type !== 'image') return undefined;
  // It may have been stopped, or deleted with its project, since the pass began.
  const present = (await deployments.record(deployment.id))?.instances.find(({ id }) => id === instance.id);
  if (present?.phase !== instance.phase) return undefined;
  workshop.log.warn(
    { deployment: deployment.id, instance: instance.id },
    'an instance had no container and is started again',
  );
  const configuration = openConfiguration(workshop, desired);
  await runtime.ensureNetwork(deployment.projectName, signal);
  const status = await runtime.start(
    instanceSpec({ deployment, configuration, imageId: deployment.artifact.imageId }, instance),
    signal,
  );
  await runtime.keepAlive(instance.id, signal);
  return status;
}

function follow({ workshop }: Pass, desired: DesiredDeployment, instance: Instance): void {
  if (workshop.instanceLogs.isFollowing(instance.id)) return;
  const { mask } = openConfiguration(workshop, desired);
  workshop.instanceLogs.follow({ ...instance, mask });
}
