import { CutoverError } from '../../../domain/errors.ts';
import {
  defaultTolerances,
  inspect,
  type Inspection,
  type Tolerances,
  type Violation,
} from '../../../domain/invariants.ts';
import type { PlatformSnapshot } from '../../../domain/platform-snapshot.ts';
import type { ObservationStore } from '../../ports/observation-store.ts';
import type { OperatorLog } from '../../ports/ports.ts';
import { Rest } from '../../rest.ts';
import { findExposed, type WordSources } from './exposed-words.ts';
import { readSnapshot, type SnapshotSources } from './read-snapshot.ts';

export interface WatchdogOptions {
  readonly ports: SnapshotSources['ports'] & WordSources['ports'];
  readonly store: SnapshotSources['store'];
  /** Where a violation is told in a deployment's timeline. */
  readonly timelines: Pick<ObservationStore, 'note'>;
  readonly log: OperatorLog;
  readonly intervalMs: number;
  readonly tolerances?: Tolerances;
}

/** What is wrong now, and what may come to be. Times are ISO 8601. */
export interface WatchdogReport {
  readonly at: string;
  readonly violations: readonly Sighting[];
  /** Not as it should be, but not for long enough. */
  readonly suspicions: readonly Sighting[];
}

export type Sighting = Omit<Violation, 'since'> & { readonly since: string };

/** What is known without looking. */
export interface WatchdogMemory {
  /** Looks that came to an end. */
  readonly looks: number;
  /** Since the last of them; null: there was none. */
  readonly ageMs: number | null;
  /** Seen twice or more in a row. */
  readonly told: readonly Violation[];
  readonly snapshot: PlatformSnapshot | null;
}

/** Every so many looks it is also read what was written. */
const looksBetweenReadings = 15;
/** After as many intervals without a look, nothing is known of how long something has been so. */
const forgottenAfter = 4;

/** Looks again and again whether everything is as it must be, and tells what is not when it has seen that twice. It changes nothing. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #told = new Map<string, Violation>();
  #inspection: Inspection | null = null;
  #snapshot: PlatformSnapshot | null = null;
  #exposed: readonly Violation[] = [];
  #looks = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.ports;
    const rest = new Rest(clock);
    await rest.take(this.#options.intervalMs, signal);
    for (let round = 0; !signal.aborted; round += 1) {
      const reads = round % looksBetweenReadings === 0;
      await this.#inTurn(() => this.#look(reads, signal)).catch((error: unknown) => this.#report(error, signal));
      await rest.take(this.#options.intervalMs, signal);
    }
  }

  /** Looks now, and reads what was written. Errors: those of the parts it asks. */
  async examine(signal: AbortSignal): Promise<WatchdogReport> {
    return this.#inTurn(async () => {
      const { violations, suspicions } = await this.#look(true, signal);
      const { clock } = this.#options.ports;
      const began = clock.now() - clock.monotonic();
      const timed = (seen: Violation): Sighting => ({ ...seen, since: new Date(began + seen.since).toISOString() });
      return {
        at: new Date(clock.now()).toISOString(),
        violations: violations.map(timed),
        suspicions: suspicions.map(timed),
      };
    });
  }

  memory(): WatchdogMemory {
    const snapshot = this.#snapshot;
    const ageMs = snapshot === null ? null : this.#options.ports.clock.monotonic() - snapshot.at;
    return { looks: this.#looks, ageMs, told: [...this.#told.values()], snapshot };
  }

  async #look(reads: boolean, signal: AbortSignal): Promise<Pick<Inspection, 'violations' | 'suspicions'>> {
    const { ports, store, tolerances = defaultTolerances } = this.#options;
    const snapshot = await readSnapshot({ ports, store }, this.#snapshot, signal);
    if (reads) this.#exposed = this.#keepingTime(await findExposed({ ports, store }));
    const inspection = inspect(snapshot, this.#remembered(snapshot), tolerances);
    this.#inspection = inspection;
    this.#snapshot = snapshot;
    this.#looks += 1;
    const violations = [...inspection.violations, ...this.#exposed];
    await this.#tell(violations, snapshot.at);
    return { violations, suspicions: inspection.suspicions };
  }

  /** Where nobody looked for a while, nobody was there to set things right either. */
  #remembered({ at }: PlatformSnapshot): Inspection | null {
    const before = this.#snapshot?.at ?? at;
    if (this.#inspection === null || at - before <= forgottenAfter * this.#options.intervalMs) return this.#inspection;
    return { ...this.#inspection, suspicions: [] };
  }

  #keepingTime(exposed: readonly Violation[]): readonly Violation[] {
    const known = new Map(this.#exposed.map((seen) => [keyOf(seen), seen]));
    return exposed.map((seen) => known.get(keyOf(seen)) ?? seen);
  }

  /** Once for each that is seen for the second time, and once for each that is over. */
  async #tell(violations: readonly Violation[], at: number): Promise<void> {
    const { log, timelines } = this.#options;
    const lasting = violations.filter(({ since }) => since < at);
    const present = new Set(lasting.map(keyOf));
    for (const [key, { code, subject }] of this.#told) {
      if (present.has(key)) continue;
      this.#told.delete(key);
      log.info({ code, subject }, 'an invariant holds again');
    }
    for (const violation of lasting) {
      const { code, subject, message, deploymentId } = violation;
      if (this.#told.has(keyOf(violation))) continue;
      this.#told.set(keyOf(violation), violation);
      log.error({ code, subject, deployment: deploymentId, detail: message }, 'an invariant is violated');
      const alert = { kind: 'alert', message: `invariant ${code}: ${subject}: ${message}` } as const;
      if (deploymentId !== null) await timelines.note(deploymentId, { timeline: [alert] });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** A part that does not answer is told by whoever needs it; there is nothing to compare without it. */
  #report(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const code = error instanceof CutoverError ? error.code : 'internal';
    const detail = error instanceof Error && code === 'internal' ? error.stack : String(error);
    this.#options.log.warn({ code, error: detail }, 'the invariants could not be looked at, to be tried again');
  }
}

function keyOf({ code, subject, message }: Violation): string {
  return code === 'secret_exposed' ? `${code} ${subject} ${message}` : `${code} ${subject}`;
}
