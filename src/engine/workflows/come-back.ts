import { isTerminal } from '../../domain/errors.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { rejoin, reviveInstances, type RevivedProcesses } from './revive-instances.ts';
import { stopForGood, withinRestOfHold } from './recreate.ts';
import { hasContainer, type InSlot } from './web-instances.ts';

/**
 * The version before is started again where it was stopped, and serves, come what may: there is no other one. Of one that does not
 * pass the gate any more people are told, and the engine goes on starting it.
 */
export async function comeBack(run: DeploymentRun, old: InSlot, processes: RevivedProcesses): Promise<void> {
  const record = await run.ports.deployments.record(old.deployment.id);
  if (record === null) return;
  const present = { ...record, slot: old.slot };
  try {
    const { replicas } = old.deployment.configuration.settings;
    await withinRestOfHold(run, replicas, (signal) => reviveInstances(run, present, { processes, signal }));
  } catch (error) {
    if (!isTerminal(error)) throw error;
    const [why] = error instanceof Error ? error.message.split('\n', 1) : [];
    await run.write({
      timeline: [{ kind: 'alert', message: `#${old.deployment.number} serves again, but does not pass: ${why ?? ''}` }],
    });
    await rejoin(run, present, processes);
  }
}

/** A crash may have come between the end of a container and the row that says so: what is half stopped is stopped. */
export async function finishStopping(run: DeploymentRun, { instances, deployment }: InSlot): Promise<void> {
  const { stopGraceMs } = deployment.configuration.settings;
  const present = instances.filter(hasContainer);
  const statuses = await Promise.all(present.map(({ id }) => run.ports.runtime.status(id, run.leaseSignal)));
  await stopForGood(
    run,
    present.filter((_, index) => statuses[index]?.running !== true),
    stopGraceMs,
  );
}
