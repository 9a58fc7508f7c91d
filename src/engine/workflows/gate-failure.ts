import type { Instance } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { processOf, webProcess } from '../../domain/processes.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { withLastLines } from './last-lines.ts';

interface Failure {
  readonly message: string;
  readonly signal: AbortSignal;
}

/** Passes while the instance runs; else throws `instance_exited` or `instance_out_of_memory` with its exit code and last lines. */
export async function refuseExited(run: DeploymentRun, instance: Instance, signal: AbortSignal): Promise<void> {
  const status = await run.ports.runtime.status(instance.id, signal);
  // One that was restarted had exited.
  if (status?.running === true && status.restarts === 0) return;
  throw new CutoverError(
    status?.outOfMemory === true ? 'instance_out_of_memory' : 'instance_exited',
    await recorded(run, instance, { message: describeExit(run, instance, status), hasEnded: true }),
  );
}

function describeExit(run: DeploymentRun, { process }: Instance, status: InstanceStatus | null): string {
  const who = process === webProcess ? 'the instance' : `"${process}"`;
  if (status === null) return `gate (the container of ${who} was removed by somebody else)`;
  const { memoryMb } = processOf(run.deployment.configuration.settings, process);
  if (status.outOfMemory) return `gate (${who} was killed for using more than its ${memoryMb} MB of memory)`;
  return `gate (${who} exited with code ${status.exitCode ?? 'unknown'})`;
}

/** Throws `gate_failed` with the message, what the instance really listens on, and its last lines. */
export async function refuseUnhealthy(run: DeploymentRun, instance: Instance, failure: Failure): Promise<never> {
  const { message, signal } = failure;
  // Nobody talks to a worker.
  const listening = instance.process === webProcess ? await describeListening(run, instance, signal) : '';
  const full = `gate (${[message, listening].filter((part) => part !== '').join('; ')})`;
  throw new CutoverError('gate_failed', await recorded(run, instance, { message: full, hasEnded: false }));
}

/** "nothing on 3000; 8080 is open" */
async function describeListening(run: DeploymentRun, instance: Instance, signal: AbortSignal): Promise<string> {
  const { open, loopbackOnly } = await run.ports.runtime.listeningPorts(instance.id, signal);
  if (open.includes(instance.port)) return '';
  if (loopbackOnly.includes(instance.port))
    return `${instance.port} is open only on the instance's own loopback: listen on 0.0.0.0`;
  if (open.length === 0) return `nothing on ${instance.port}; no port is open`;
  return `nothing on ${instance.port}; ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} open`;
}

/** Told on the timeline; the answer has its last lines too. */
async function recorded(
  run: DeploymentRun,
  instance: Instance,
  { message, hasEnded }: { readonly message: string; readonly hasEnded: boolean },
): Promise<string> {
  // One that runs on does not come to an end of what it prints, and visitors may be waiting.
  if (hasEnded || run.heldSince === null) await run.workshop.instanceLogs.settle(instance.id);
  const full = await withLastLines(run, instance, message);
  const { process, ordinal } = instance;
  await run.write({ timeline: [{ kind: 'gate.failed', process, ordinal, message }] });
  return full;
}
