import type { Artifact } from '../../domain/artifact.ts';
import { instanceLogName, type Instance } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { judgeGate, newGate, recordProbe } from '../../domain/gate.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { startInstance } from './start-instance.ts';

const lastLines = 50;

/** Leads one instance through the gate (rule 5.1). Rejects with `gate_failed`, `instance_exited` or `instance_out_of_memory`. */
export async function gateInstance(
  run: DeploymentRun,
  artifact: Extract<Artifact, { type: 'image' }>,
  instance: Instance,
): Promise<void> {
  const { health } = run.deployment.configuration.settings;
  const { clock, prober } = run.ports;
  using _expecting = run.workshop.watch.expect(instance.id);
  const status = await startedStatus(run, artifact, instance);
  run.workshop.instanceLogs.follow({ ...instance, mask: run.configuration.mask });
  if (!status.running) await refuseExited(run, instance);
  if (status.address === null) return fail(run, instance, 'the container has no address');
  const target = { kind: 'instance', address: status.address, port: instance.port } as const;
  // The engine's clock says when it started; from here on time is measured without jumps.
  const startedBefore = Math.max(0, clock.now() - (status.startedAt ?? clock.now()));
  const began = clock.monotonic() - startedBefore;
  for (let gate = newGate; ;) {
    const verdict = judgeGate(gate, health, clock.monotonic() - began);
    if (verdict.type === 'failed') return fail(run, instance, verdict.message);
    if (verdict.type === 'passed') {
      return run.write({
        instances: [{ id: instance.id, phase: 'passed', address: status.address }],
        timeline: [
          {
            kind: 'gate.passed',
            ordinal: instance.ordinal,
            attempts: gate.attempts,
            sinceStartMs: clock.monotonic() - began,
          },
        ],
      });
    }
    await run.workshop.watch.sleep(instance.id, verdict.delayMs, run.signal);
    const result = await prober.probe(target, health, run.signal);
    gate = recordProbe(gate, health, result, clock.monotonic() - began);
    if (result.type !== 'answered') await refuseExited(run, instance);
  }
}

/** After a crash there may be a row and no container yet, or one that was never started. */
async function startedStatus(
  run: DeploymentRun,
  artifact: Extract<Artifact, { type: 'image' }>,
  instance: Instance,
): Promise<InstanceStatus> {
  const status = run.started.get(instance.id) ?? (await run.ports.runtime.status(instance.id, run.signal));
  return status === null || status.startedAt === null ? startInstance(run, artifact, instance) : status;
}

async function refuseExited(run: DeploymentRun, instance: Instance): Promise<void> {
  const status = await run.ports.runtime.status(instance.id, run.signal);
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

async function fail(run: DeploymentRun, instance: Instance, message: string): Promise<never> {
  const listening = await describeListening(run, instance);
  const full = `gate (${[message, listening].filter((part) => part !== '').join('; ')})`;
  throw new CutoverError('gate_failed', await withLastLines(run, instance, full));
}

/** "nothing on 3000; 8080 is open" */
async function describeListening(run: DeploymentRun, instance: Instance): Promise<string> {
  const { open, loopbackOnly } = await run.ports.runtime.listeningPorts(instance.id, run.signal);
  if (open.includes(instance.port)) return '';
  if (loopbackOnly.includes(instance.port))
    return `${instance.port} is open only on the instance's own loopback: listen on 0.0.0.0`;
  if (open.length === 0) return `nothing on ${instance.port}; no port is open`;
  return `nothing on ${instance.port}; ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} open`;
}

async function withLastLines(run: DeploymentRun, instance: Instance, message: string): Promise<string> {
  await run.workshop.instanceLogs.settle(instance.id);
  const lines = await run.ports.logs.tail(instanceLogName(instance.deploymentId, instance.id), lastLines);
  await run.ports.deployments.write(run.lease, {
    timeline: [{ kind: 'gate.failed', ordinal: instance.ordinal, message }],
  });
  if (lines.length === 0) return `${message}; it printed nothing`;
  return `${message}; its last ${lines.length} lines:\n${lines.map(({ text }) => text).join('\n')}`;
}
