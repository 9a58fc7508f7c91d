import type { DeploymentRun } from './deployment-run.ts';

/** `graceMs`: between SIGTERM and SIGKILL. */
interface Stopping {
  readonly graceMs: number;
  readonly instanceIds: readonly string[];
}

/**
 * SIGTERM, grace, SIGKILL, side by side; what they printed last is kept. A container that Docker cannot remove now is left to the
 * reconciler: it must not keep the next deployment waiting.
 */
export async function stopInstances(run: DeploymentRun, { graceMs, instanceIds }: Stopping): Promise<void> {
  await Promise.all(
    instanceIds.map(async (id) => {
      using _expecting = run.workshop.watch.expect(id);
      try {
        await run.ports.runtime.stop(id, graceMs, run.leaseSignal);
      } catch (error) {
        if (run.leaseSignal.aborted) throw error;
        run.workshop.log.warn({ instance: id, error: String(error) }, 'an instance could not be stopped yet');
      }
      await run.workshop.instanceLogs.settle(id);
    }),
  );
}
