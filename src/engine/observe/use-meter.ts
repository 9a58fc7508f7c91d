import type { Measurements } from '../../domain/measurements.ts';
import { momentOf, withReading, type ResourceUse, type UseReading } from '../../domain/resource-use.ts';
import { Deadline } from '../deadline.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { Runtime } from '../ports/runtime.ts';
import { hasContainer } from '../workflows/web-instances.ts';

export interface UseMeterParts {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

/** For all instances together: whoever waits for a reading waits no longer. */
const readingLimitMs = 5_000;

/** What the instances of one version use, from reading to reading (rule 2.6). */
export class UseMeter {
  readonly #parts: UseMeterParts;
  #use: ResourceUse | null;
  #last: UseReading | null = null;

  /** `known`: what is on record of earlier readings, which may be another process's. */
  constructor(parts: UseMeterParts, known: ResourceUse | null) {
    this.#parts = parts;
    this.#use = known;
  }

  /** When it was last read, by the monotonic clock. */
  get readAt(): number {
    return this.#last === null ? -Infinity : momentOf(this.#last);
  }

  /** Empty where nothing could be read yet. */
  get measured(): Partial<Pick<Measurements, 'resources'>> {
    return this.#use === null ? {} : { resources: this.#use };
  }

  /** What cannot be read is told, and is no failure of anything: what was read before stays. */
  async read({ deployment, instances }: DeploymentRecord, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    using limit = new Deadline(clock, readingLimitMs);
    try {
      const ids = instances.filter(hasContainer).map(({ id }) => id);
      const reading = await this.#readAll(ids, AbortSignal.any([signal, limit.signal]));
      this.#use = withReading(this.#use, this.#last, reading);
      if (reading.length > 0) this.#last = reading;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ deployment: deployment.id, error: String(error) }, 'what a version uses could not be read');
    }
  }

  /** All at once: Docker answers right away where it has not been asked for a second, and else when that second is over. */
  async #readAll(ids: readonly string[], signal: AbortSignal): Promise<UseReading> {
    const { runtime, clock } = this.#parts;
    const read = ids.map(async (id) => {
      const use = await runtime.usage(id, signal);
      return use === null ? [] : [{ ...use, at: clock.monotonic() }];
    });
    return (await Promise.all(read)).flat();
  }
}
