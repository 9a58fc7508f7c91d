import type { Artifact } from '../../domain/artifact.ts';
import type { Instance } from '../../domain/deployment.ts';
import { judgeGate, newGate, recordProbe } from '../../domain/gate.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { refuseExited, refuseUnhealthy } from './gate-failure.ts';
import { startInstance } from './start-instance.ts';

/** Leads one instance through the gate (rule 5.1). Rejects with `gate_failed`, `instance_exited` or `instance_out_of_memory`. */
export async function gateInstance(
  run: DeploymentRun,
  artifact: Extract<Artifact, { type: 'image' }>,
  instance: Instance,
  signal: AbortSignal,
): Promise<void> {
  const { health } = run.deployment.configuration.settings;
  const { clock, prober } = run.ports;
  using _expecting = run.workshop.watch.expect(instance.id);
  const status = await startedStatus(run, artifact, instance);
  run.workshop.instanceLogs.follow({ ...instance, mask: run.configuration.mask });
  if (!status.running) await refuseExited(run, instance, signal);
  if (status.address === null)
    return refuseUnhealthy(run, instance, { message: 'the container has no address', signal });
  const target = { kind: 'instance', address: status.address, port: instance.port } as const;
  // The engine's clock says when it started; from here on time is measured without jumps.
  const startedBefore = Math.max(0, clock.now() - (status.startedAt ?? clock.now()));
  const began = clock.monotonic() - startedBefore;
  for (let gate = newGate; ;) {
    const verdict = judgeGate(gate, health, clock.monotonic() - began);
    if (verdict.type === 'failed') return refuseUnhealthy(run, instance, { message: verdict.message, signal });
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
    await run.workshop.watch.sleep(instance.id, verdict.delayMs, signal);
    const result = await prober.probe(target, health, signal);
    gate = recordProbe(gate, health, result, clock.monotonic() - began);
    if (result.type !== 'answered') await refuseExited(run, instance, signal);
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
