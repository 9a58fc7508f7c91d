import { describeProbe, isHealthyAnswer, type HealthCheck, type ProbeResult } from './health-check.ts';

/** Where one instance stands at the gate. Times are milliseconds since the instance was started. */
export interface GateState {
  readonly attempts: number;
  readonly successesInRow: number;
  /** Counted only after the start period. */
  readonly failuresInRow: number;
  readonly last: ProbeResult | null;
}

export type GateVerdict =
  | { readonly type: 'probe'; readonly delayMs: number }
  | { readonly type: 'passed' }
  | { readonly type: 'failed'; readonly message: string };

const shortestProbeDelayMs = 50;

/**
 * An app that answers well and badly in turn would neither pass nor fail: after the start period it has the time in which ten times as
 * many probes as either threshold asks for could have been made.
 */
function gateLimitMs(check: HealthCheck): number {
  const probes = 10 * (check.healthyThreshold + check.unhealthyThreshold);
  return check.startPeriodMs + probes * (check.intervalMs + check.timeoutMs);
}

export const newGate: GateState = { attempts: 0, successesInRow: 0, failuresInRow: 0, last: null };

/** Takes in one probe's result that was known `sinceStartMs` after the start. */
export function recordProbe(gate: GateState, check: HealthCheck, result: ProbeResult, sinceStartMs: number): GateState {
  const healthy = isHealthyAnswer(check, result);
  const counts = !healthy && sinceStartMs > check.startPeriodMs;
  return {
    attempts: gate.attempts + 1,
    successesInRow: healthy ? gate.successesInRow + 1 : 0,
    failuresInRow: counts ? gate.failuresInRow + 1 : 0,
    last: result,
  };
}

/**
 * What to do next (rule 5.1). During the start period probes follow a geometric backoff: a tenth of the time since the
 * start, at least 50 ms, at most the interval; after a success the next one comes in 50 ms.
 */
export function judgeGate(gate: GateState, check: HealthCheck, sinceStartMs: number): GateVerdict {
  if (gate.successesInRow >= check.healthyThreshold) return { type: 'passed' };
  if (gate.failuresInRow >= check.unhealthyThreshold) return { type: 'failed', message: describeFailure(gate) };
  if (sinceStartMs > gateLimitMs(check))
    return { type: 'failed', message: `never steadily healthy: ${describeFailure(gate)}` };
  if (gate.attempts === 0) return { type: 'probe', delayMs: 0 };
  if (gate.successesInRow > 0) return { type: 'probe', delayMs: Math.min(shortestProbeDelayMs, check.intervalMs) };
  if (sinceStartMs > check.startPeriodMs) return { type: 'probe', delayMs: check.intervalMs };
  const backoff = Math.max(shortestProbeDelayMs, sinceStartMs / 10);
  return { type: 'probe', delayMs: Math.min(backoff, check.intervalMs) };
}

export function describeFailure(gate: GateState): string {
  const last = gate.last === null ? 'no probe was made' : `last answer ${describeProbe(gate.last)}`;
  return `${last} after ${gate.attempts} ${gate.attempts === 1 ? 'try' : 'tries'}`;
}
