import type { Failure, FailureKind, Outcome } from './outcome.ts';
import type { RequestKind } from './load-options.ts';
import type { StreamKind } from './streams.ts';

/** What the client saw. Streams count as one request each time they are opened. */
export interface LoadReport {
  readonly requests: number;
  readonly failed: number;
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
  /** The first failures in full, for the person who has to find out why. */
  readonly samples: readonly FailureSample[];
  readonly requestsByKind: Readonly<Record<string, number>>;
  /** How often a stream was closed at its drain timeout or later, which is what should happen. */
  readonly streamsClosedInTime: number;
  /** Milliseconds, without the slow requests. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
  /** How late the client itself was at most, in ms: above 1,000 the run says little. */
  readonly worstLagMs: number;
}

export interface FailureSample extends Failure {
  readonly request: RequestKind | StreamKind;
  /** ISO 8601. */
  readonly at: string;
}

const sampleLimit = 20;

/** Counts outcomes as they come. */
export class Recorder {
  readonly #failures = new Map<FailureKind, number>();
  readonly #samples: FailureSample[] = [];
  readonly #byKind = new Map<string, number>();
  readonly #latencies: number[] = [];
  #requests = 0;
  #failed = 0;
  #worstLagMs = 0;
  #streamsClosedInTime = 0;

  outcome(kind: RequestKind, outcome: Outcome): void {
    this.#count(kind);
    if (kind !== 'slow') this.#latencies.push(outcome.latencyMs);
    if (outcome.failure !== null) this.fail(kind, outcome.failure);
  }

  streamOpened(kind: StreamKind): void {
    this.#count(kind);
  }

  streamClosedInTime(): void {
    this.#streamsClosedInTime += 1;
  }

  fail(request: RequestKind | StreamKind, failure: Failure): void {
    this.#failed += 1;
    this.#failures.set(failure.kind, (this.#failures.get(failure.kind) ?? 0) + 1);
    if (this.#samples.length < sampleLimit) {
      this.#samples.push({ ...failure, request, at: new Date().toISOString() });
    }
  }

  lag(ms: number): void {
    this.#worstLagMs = Math.max(this.#worstLagMs, ms);
  }

  get requests(): number {
    return this.#requests;
  }

  report(): LoadReport {
    const sorted = Float64Array.from(this.#latencies).toSorted();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      requests: this.#requests,
      failed: this.#failed,
      failures: Object.fromEntries(this.#failures),
      samples: this.#samples,
      requestsByKind: Object.fromEntries(this.#byKind),
      streamsClosedInTime: this.#streamsClosedInTime,
      latency: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
      worstLagMs: this.#worstLagMs,
    };
  }

  #count(kind: RequestKind | StreamKind): void {
    this.#requests += 1;
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
  }
}
