import { instanceLogName, type Instance } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';

const lastLines = 50;

interface Failure {
  readonly message: string;
  readonly signal: AbortSignal;
}

/** Passes while the instance runs; else throws `instance_exited` or `instance_out_of_memory` with its exit code and last lines. */
export async function refuseExited(run: DeploymentRun, instance: Instance, signal: AbortSignal): Promise<void> {
  const status = await run.ports.runtime.status(instance.id, signal);
  if (status?.running === true) return;
  throw new CutoverError(
    status?.outOfMemory === true ? 'instance_out_of_memory' : 'instance_exited',
    await withLastLines(run, instance, describeExit(run, status)),
  );
}

function describeExit(run: DeploymentRun, status: InstanceStatus | null): string {
  if (status === null) return 'gate (its container was removed by somebody else)';
  const { memoryMb } = run.deployment.configuration.settings;
  if (status.outOfMemory) return `gate (the instance was killed for using more than its ${memoryMb} MB of memory)`;
  return `gate (the instance exited with code ${status.exitCode ?? 'unknown'})`;
}

/** Throws `gate_failed` with the message, what the instance really listens on, and its last lines. */
export async function refuseUnhealthy(run: DeploymentRun, instance: Instance, failure: Failure): Promise<never> {
  const { message, signal } = failure;
  const listening = await describeListening(run, instance, signal);
  const full = `gate (${[message, listening].filter((part) => part !== '').join('; ')})`;
  throw new CutoverError('gate_failed', await withLastLines(run, instance, full));
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

async function withLastLines(run: DeploymentRun, instance: Instance, message: string): Promise<string> {
  await run.workshop.instanceLogs.settle(instance.id);
  const lines = await run.ports.logs.tail(instanceLogName(instance.deploymentId, instance.id), lastLines);
  await run.write({ timeline: [{ kind: 'gate.failed', ordinal: instance.ordinal, message }] });
  if (lines.length === 0) return `${message}; it printed nothing`;
  return `${message}; its last ${lines.length} lines:\n${lines.map(({ text }) => text).join('\n')}`;
}
