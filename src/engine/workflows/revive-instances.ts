import type { Instance, InstancePhase } from '../../domain/deployment.ts';
import { isTerminal } from '../../domain/errors.ts';
import { isLongRunning, webProcess } from '../../domain/processes.ts';
import { allOrNone } from './all-or-none.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { gateInstance } from './gate-instance.ts';
import { openConfiguration } from './open-configuration.ts';
import { serverOf } from './router-server.ts';
import { startInstance, type Version } from './start-instance.ts';
import type { InSlot } from './web-instances.ts';

/** Which instances of a version: those that get traffic, or the others. */
export type RevivedProcesses = 'all' | 'web' | 'workers';

/**
 * Starts those instances of a version again that were stopped although it is to serve, leads them through the gate, and puts them
 * where they were. Those that run are left alone. Errors: as of the gate.
 */
export async function reviveInstances(
  run: DeploymentRun,
  old: InSlot,
  {
    processes = 'all',
    signal: wanted = run.leaseSignal,
  }: { readonly processes?: RevivedProcesses; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { version, down } = await announce(run, old, processes);
  if (version === null) return;
  await allOrNone(
    wanted,
    down.map((instance) => async (signal: AbortSignal) => {
      // Whoever has no time left to see it pass lets requests go to it all the same: then it must be there.
      await startInstance(run, version, instance, run.leaseSignal);
      await gateInstance(run, { version, instance }, signal);
      await rejoinOne(run, old, instance);
    }),
  );
}

/** Those that are down are started, kept alive from now on and are where they were, whether they pass or not. */
export async function rejoin(run: DeploymentRun, old: InSlot, processes: RevivedProcesses): Promise<void> {
  const { version, down } = await announce(run, old, processes);
  if (version === null) return;
  for (const instance of down) {
    try {
      await startInstance(run, version, instance, run.leaseSignal);
    } catch (error) {
      if (!isTerminal(error)) throw error;
      run.say(`started again and again from now on: ${String(error)}`);
    }
    await rejoinOne(run, old, instance);
  }
}

/** It gets another container, whose restarts are counted from the first. */
const anew = { phase: 'starting', address: null, crashedAt: null, restarts: 0 } as const;

/** What is stopped is not to have a container, so that it is said first. `version` null: there is nothing to start. */
async function announce(run: DeploymentRun, old: InSlot, processes: RevivedProcesses) {
  const { artifact } = old.deployment;
  const down = downOf(old, processes);
  if (artifact?.type !== 'image' || down.length === 0) return { version: null, down };
  await run.write({ instances: down.map(({ id }) => ({ id, ...anew })) });
  const configuration = openConfiguration(run.workshop, old);
  const version: Version = { deployment: old.deployment, configuration, imageId: artifact.imageId };
  return { version, down };
}

function downOf({ instances }: InSlot, processes: RevivedProcesses): readonly Instance[] {
  return instances.filter(
    (instance) =>
      isDown(instance.phase) &&
      isLongRunning({ name: instance.process }) &&
      (processes === 'all' || (processes === 'web') === (instance.process === webProcess)),
  );
}

/** Stopped, or, after a crash, on its way back. */
function isDown(phase: InstancePhase): boolean {
  return phase === 'stopped' || phase === 'starting' || phase === 'passed';
}

async function rejoinOne(run: DeploymentRun, { slot, deployment }: InSlot, instance: Instance): Promise<void> {
  const { runtime, router } = run.ports;
  // One without a container is the reconciler's to make again.
  if ((await runtime.status(instance.id, run.leaseSignal)) === null) return;
  await runtime.keepAlive(instance.id, run.leaseSignal);
  if (instance.process !== webProcess) return;
  const address = (await runtime.status(instance.id, run.leaseSignal))?.address ?? null;
  const { replicas } = deployment.configuration.settings;
  if (address !== null) await router.addServer(slot, serverOf({ ...instance, address }, replicas), run.leaseSignal);
}
