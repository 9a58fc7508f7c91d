import type { Measurements } from '../../domain/measurements.ts';
import type { ObservationStore, OpenObservation } from '../ports/observation-store.ts';
import { UseMeter, type UseMeterParts } from './use-meter.ts';

export interface ObservedUseParts extends UseMeterParts {
  readonly observations: ObservationStore;
}

/** From when this process first sees the switch; by then it is over, and what comes with it. */
const firstAfterMs = 5_000;
/** For those whose observation is short. */
const secondAfterMs = 25_000;
/** Each reading is two requests to the engine for every instance. */
const everyMs = 120_000;
/** Two that are nearer to each other say nothing about a share of a core. */
const nearMs = 1_000;

/** What an observed version uses is read seldom while its observation is open, and once more when that ends. */
export class ObservedUse {
  readonly #parts: ObservedUseParts;
  readonly #meter: UseMeter;
  #dueAt: number | null = null;
  #readings = 0;
  #busy: Promise<void> | null = null;
  #hasEnded = false;

  constructor(parts: ObservedUseParts, { fresh }: OpenObservation) {
    this.#parts = parts;
    this.#meter = new UseMeter(parts, fresh.deployment.measurements.resources);
  }

  /** Reads in the background when it is time. Never before the switch. */
  look(open: OpenObservation, signal: AbortSignal): void {
    const now = this.#parts.clock.monotonic();
    if (open.switchedAt === null || this.#hasEnded) return;
    this.#dueAt ??= now + firstAfterMs;
    if (now < this.#dueAt || this.#busy !== null) return;
    this.#dueAt = now + (this.#readings === 0 ? secondAfterMs : everyMs);
    this.#readings += 1;
    this.#busy = this.#readAndKeep(open, signal).finally(() => (this.#busy = null));
  }

  /** Once more, when the observation ends; resolves to all that is known. */
  async atEnd({ fresh }: OpenObservation, signal: AbortSignal): Promise<Partial<Measurements>> {
    await this.#busy;
    const isNear = this.#parts.clock.monotonic() - this.#meter.readAt < nearMs;
    if (!this.#hasEnded && !isNear) await this.#meter.read(fresh, signal);
    this.#hasEnded = true;
    return this.#meter.measured;
  }

  async #readAndKeep({ fresh }: OpenObservation, signal: AbortSignal): Promise<void> {
    const { observations, log } = this.#parts;
    await this.#meter.read(fresh, signal);
    if (this.#meter.measured.resources === undefined) return;
    try {
      await observations.measured(fresh.deployment.id, this.#meter.measured);
    } catch (error) {
      // With the next reading it is tried again.
      log.warn({ deployment: fresh.deployment.id, error: String(error) }, 'what a version uses could not be kept');
    }
  }
}
