import { copyOf, figuresOf, since, sumOfHistograms, type LatencyHistogram } from '../../domain/latency-histogram.ts';
import type { Measurements } from '../../domain/measurements.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { TrafficMemory } from './traffic-memory.ts';

/** What the router tells of both versions, cut into before, during and after (rule 2.6). */
export class Measuring {
  readonly #memory: TrafficMemory;
  readonly #fresh: SlotNumber;
  readonly #old: SlotNumber | null;
  readonly #atSwitch: LatencyHistogram;
  #atDrained: LatencyHistogram | null = null;

  /** Made when the new version gets its first traffic. */
  constructor(memory: TrafficMemory, slots: { readonly fresh: SlotNumber; readonly old: SlotNumber | null }) {
    this.#memory = memory;
    this.#fresh = slots.fresh;
    this.#old = slots.old;
    this.#atSwitch = this.#both();
  }

  /** The old one has been drained: once. null when that is known already. */
  drained(): Pick<Measurements, 'before' | 'during'> | null {
    if (this.#atDrained !== null) return null;
    this.#atDrained = copyOf(this.#memory.histogram(this.#fresh));
    const before = this.#old === null ? null : figuresOf(this.#atSwitch);
    return { before, during: figuresOf(since(this.#both(), this.#atSwitch)) };
  }

  /** Of the new version alone, up to now. */
  after(): Pick<Measurements, 'after'> {
    const from = this.#atDrained ?? this.#atSwitch;
    return { after: figuresOf(since(this.#memory.histogram(this.#fresh), from)) };
  }

  #both(): LatencyHistogram {
    const fresh = copyOf(this.#memory.histogram(this.#fresh));
    return this.#old === null ? fresh : sumOfHistograms(fresh, this.#memory.histogram(this.#old));
  }
}
