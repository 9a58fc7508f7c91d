import type { Instance } from '../../domain/deployment.ts';
import { describeFailure, judgeGate, newGate, recordProbe, type GateState } from '../../domain/gate.ts';
import { isHealthyAnswer, type HealthCheck, type ProbeResult } from '../../domain/health-check.ts';
import { processOf, webProcess, type ExecCheck } from '../../domain/processes.ts';
import type { InstanceStatus } from '../ports/runtime.ts';
import { allOrNone } from './all-or-none.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { refuseExited, refuseUnhealthy } from './gate-failure.ts';
import { HoldOver, stayUpLimitMs } from './recreate.ts';
import { startInstance, type Version } from './start-instance.ts';

/** What is asked of an instance, and how. */
interface Examination {
  readonly check: HealthCheck;
  readonly probe: (signal: AbortSignal) => Promise<ProbeResult>;
}

interface Candidate {
  readonly version: Version;
  readonly instance: Instance;
  /** Only of one that waits for no other once it has passed: done in the pause before the probe that may be its last. */
  readonly beforeLast?: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Leads one instance through the gate (rule 5.1): `web` by HTTP, a worker by its own check, or else by staying up. Rejects with
 * `gate_failed`, `instance_exited` or `instance_out_of_memory`.
 */
export async function gateInstance(run: DeploymentRun, candidate: Candidate, signal: AbortSignal): Promise<void> {
  const { version, instance } = candidate;
  using _expecting = run.workshop.watch.expect(instance.id);
  const status = await startedStatus(run, candidate, signal);
  run.workshop.instanceLogs.follow({ ...instance, mask: version.configuration.mask });
  if (!status.running) await refuseExited(run, instance, signal);
  // The engine's clock says when it started; from here on time is measured without jumps.
  const { clock } = run.ports;
  const startedBefore = Math.max(0, clock.now() - (status.startedAt ?? clock.now()));
  const began = clock.monotonic() - startedBefore;
  const attempts = await examine(run, { ...candidate, status, began }, signal);
  run.passedAt.set(instance.id, clock.monotonic());
  run.note({
    instances: [{ id: instance.id, phase: 'passed', address: status.address }],
    timeline: [
      {
        kind: 'gate.passed',
        process: instance.process,
        ordinal: instance.ordinal,
        attempts,
        sinceStartMs: clock.monotonic() - began,
      },
    ],
  });
  // One that is alone gets traffic next, and that is written at once.
  if (candidate.beforeLast === undefined) await run.flush();
}

interface Started extends Candidate {
  readonly status: InstanceStatus;
  /** On the monotonic clock. */
  readonly began: number;
}

/** Resolves to how many probes it took. */
async function examine(run: DeploymentRun, started: Started, signal: AbortSignal): Promise<number> {
  const { instance, version, status } = started;
  const { settings } = version.deployment.configuration;
  if (instance.process === webProcess) {
    const { address } = status;
    if (address === null) return refuseUnhealthy(run, instance, { message: 'the container has no address', signal });
    const target = { kind: 'instance', address, port: instance.port } as const;
    return probeUntilPassed(
      run,
      started,
      { check: settings.health, probe: (aborted) => run.ports.prober.probe(target, settings.health, aborted) },
      signal,
    );
  }
  const { check, stayUpMs } = processOf(settings, instance.process);
  if (check === null) return stayUp(run, started, Math.min(stayUpMs, stayUpLimitMs(run)), signal);
  return probeUntilPassed(run, started, execExamination(run, instance, check), signal);
}

async function probeUntilPassed(
  run: DeploymentRun,
  started: Started,
  examination: Examination,
  signal: AbortSignal,
): Promise<number> {
  const seen: { gate: GateState } = { gate: newGate };
  try {
    return await probeOn(run, started, { ...examination, seen }, signal);
  } catch (error) {
    if (!(signal.reason instanceof HoldOver)) throw error;
    const message = `not healthy in time, while requests waited: ${describeFailure(seen.gate)}`;
    return refuseUnhealthy(run, started.instance, { message, signal: run.leaseSignal });
  }
}

/** `seen` is what the probes have told so far. */
async function probeOn(
  run: DeploymentRun,
  started: Started,
  { check, probe, seen }: Examination & { readonly seen: { gate: GateState } },
  signal: AbortSignal,
): Promise<number> {
  const { instance } = started;
  const { clock } = run.ports;
  // It may have been started long ago: nobody was there to ask, or the clock was set. Then it begins with the end of its start period.
  const began = Math.max(started.began, clock.monotonic() - check.startPeriodMs);
  for (;;) {
    const { gate } = seen;
    const verdict = judgeGate(gate, check, clock.monotonic() - began);
    if (verdict.type === 'failed') return refuseUnhealthy(run, instance, { message: verdict.message, signal });
    if (verdict.type === 'passed') return gate.attempts;
    const isLast = gate.successesInRow > 0 && gate.successesInRow === check.healthyThreshold - 1;
    const pause = (either: AbortSignal) => run.workshop.watch.sleep(instance.id, verdict.delayMs, either);
    // An address is soon somebody else's: before the answer that counts it is made sure that it will be the instance's own.
    const isThere = (either: AbortSignal) => refuseExited(run, instance, either);
    await allOrNone(signal, isLast ? [pause, isThere, ...beforeLast(run, started)] : [pause]);
    const result = gate.attempts === 0 ? await firstProbe(run, started, { probe, signal }) : await probe(signal);
    seen.gate = recordProbe(gate, check, result, clock.monotonic() - began);
    if (!isHealthyAnswer(check, result)) await refuseExited(run, instance, signal);
  }
}

/** How long after its start an app is given to listen before a refusal is an answer, and how often it is looked. */
const listenPatienceMs = 200;
const listenPollMs = 5;

/** A moment after its start an app does not listen yet, so there is nobody to be asked: its port is watched before a probe counts. */
async function firstProbe(
  run: DeploymentRun,
  { instance, began }: Started,
  { probe, signal }: { readonly probe: Examination['probe']; readonly signal: AbortSignal },
): Promise<ProbeResult> {
  for (;;) {
    const result = await probe(signal);
    if (result.type !== 'refused' || run.ports.clock.monotonic() - began > listenPatienceMs) return result;
    if (await run.workshop.watch.sleep(instance.id, listenPollMs, signal)) await refuseExited(run, instance, signal);
  }
}

/**
 * To be told to restart an instance takes the engine as long as the pause before the last probe, so it is told then, and whatever else can be
 * done by then is done. One that exits after all is known by its restart. Not one of several: those wait for each other, which may be long.
 */
function beforeLast(run: DeploymentRun, started: Started): readonly ((signal: AbortSignal) => Promise<unknown>)[] {
  const { instance, beforeLast: others } = started;
  return others === undefined ? [] : [(either) => keepAliveEarly(run, instance, either), others];
}

async function keepAliveEarly(run: DeploymentRun, instance: Instance, signal: AbortSignal): Promise<void> {
  if (run.keptAlive.has(instance.id)) return;
  run.assertHeld();
  await run.ports.runtime.keepAlive(instance.id, signal);
  run.keptAlive.add(instance.id);
}

/** Without a check, a worker that has lived for a while is taken to be well; one that exits is not. */
async function stayUp(
  run: DeploymentRun,
  { instance, began }: Started,
  stayUpMs: number,
  signal: AbortSignal,
): Promise<number> {
  const { clock } = run.ports;
  for (;;) {
    await refuseExited(run, instance, signal);
    const leftMs = began + stayUpMs - clock.monotonic();
    if (leftMs <= 0) return 1;
    await run.workshop.watch.sleep(instance.id, leftMs, signal);
  }
}

/** Exit code 0 counts as an accepted status, anything else as a refused one, so that one rule judges both kinds of check. */
function execExamination(run: DeploymentRun, instance: Instance, exec: ExecCheck): Examination {
  const check: HealthCheck = {
    path: '/',
    method: 'GET',
    hostHeader: null,
    statusMin: 0,
    statusMax: 0,
    intervalMs: exec.intervalMs,
    timeoutMs: exec.timeoutMs,
    healthyThreshold: exec.healthyThreshold,
    unhealthyThreshold: exec.unhealthyThreshold,
    startPeriodMs: exec.startPeriodMs,
  };
  const { command, timeoutMs } = exec;
  return {
    check,
    probe: async (signal) => {
      const request = { instanceId: instance.id, command, timeoutMs };
      const { exitCode, output } = await run.ports.runtime.exec(request, signal).catch(async (error: unknown) => {
        // There is nothing to run it in: the instance has ended.
        await refuseExited(run, instance, signal);
        throw error;
      });
      if (exitCode === null) return { type: 'timed-out' };
      if (exitCode === 0) return { type: 'answered', status: 0, bodyStart: '' };
      return { type: 'broken', message: `the check exited with ${exitCode}: "${output.trim().slice(0, 200)}"` };
    },
  };
}

/** After a crash there may be a row and no container yet, or one that was never started. */
async function startedStatus(
  run: DeploymentRun,
  { version, instance }: Candidate,
  signal: AbortSignal,
): Promise<InstanceStatus> {
  const status = run.started.get(instance.id) ?? (await run.ports.runtime.status(instance.id, signal));
  return status === null || status.startedAt === null ? startInstance(run, version, instance, signal) : status;
}
