import type { Instance } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { resolvePort } from '../../domain/environment-settings.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { withLastLines } from './last-lines.ts';
import { startInstance, versionOf } from './start-instance.ts';
import { stopInstances } from './stop-instances.ts';

const lookMs = 5_000;

/**
 * Runs a process of the artifact to its end, once: after a crash the container that was begun is found and waited for, never a second
 * one started. Errors: `release_failed` with the exit code and the last lines, also when it takes too long.
 */
export async function runOnce(run: DeploymentRun, process: string): Promise<void> {
  const instance = await instanceOf(run, process);
  const failure = instance.phase === 'starting' ? await runToEnd(run, instance) : endBeforeCrash(instance);
  await stopInstances(run, { graceMs: run.deployment.configuration.settings.stopGraceMs, instanceIds: [instance.id] });
  if (failure !== null)
    throw new CutoverError('release_failed', await withLastLines(run, instance, `${process}: ${failure}`));
}

function endBeforeCrash({ phase }: Instance): string | null {
  return phase === 'failed' ? 'it failed' : null;
}

async function instanceOf(run: DeploymentRun, process: string): Promise<Instance> {
  const { artifact } = run.deployment;
  if (artifact?.type !== 'image') throw new Error(`there is no image to run "${process}" in`);
  const port = resolvePort(run.deployment.configuration.settings.port, artifact.exposedPorts);
  const [instance] = await run.addInstances([{ id: run.ports.random.id(), process, ordinal: 1, port }]);
  if (instance === undefined) throw new Error(`the row of "${process}" is missing`);
  return instance;
}

/** What went wrong; null when it ended well. That is written while its container is still there, so that no crash makes it run again. */
async function runToEnd(run: DeploymentRun, instance: Instance): Promise<string | null> {
  const { artifact } = run.deployment;
  if (artifact?.type !== 'image') throw new Error(`there is no image to run "${instance.process}" in`);
  run.say(`running "${instance.process}"; its output is the log of instance ${instance.id}`);
  const status = await startInstance(run, versionOf(run, artifact), instance);
  const failure = await untilExited(run, instance, status);
  await run.write({ instances: [{ id: instance.id, phase: failure === null ? 'stopped' : 'failed' }] });
  return failure;
}

async function untilExited(run: DeploymentRun, instance: Instance, started: InstanceStatus): Promise<string | null> {
  const { clock, runtime } = run.ports;
  const { oneOffTimeoutMs } = run.deployment.configuration.settings;
  // Another process may have begun it.
  const alreadyMs = Math.max(0, clock.now() - (started.startedAt ?? clock.now()));
  const deadline = clock.monotonic() - alreadyMs + oneOffTimeoutMs;
  for (;;) {
    const status = await runtime.status(instance.id, run.signal);
    if (status === null) return 'its container was removed by somebody else';
    if (!status.running && status.exitCode !== null) return describeExit(status);
    const leftMs = deadline - clock.monotonic();
    if (leftMs <= 0) return `it did not end within ${oneOffTimeoutMs / 1000} s`;
    await run.workshop.watch.sleep(instance.id, Math.min(lookMs, leftMs), run.signal);
  }
}

function describeExit({ exitCode, outOfMemory }: InstanceStatus): string | null {
  if (outOfMemory) return 'it was killed for using more than its memory limit';
  return exitCode === 0 ? null : `it exited with code ${exitCode}`;
}
