import { FencedError, type DeploymentStore, type Lease, type Want } from '../ports/deployment-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';

/** A lease and the signals that go with it. */
export interface HeldLease {
  readonly lease: Lease;
  /** Aborted when the lease is lost or the process shuts down: stop at once, touch nothing. */
  readonly lost: AbortSignal;
  /** Aborted when a user wants the deployment to end. */
  readonly unwanted: AbortSignal;
  /** Throws when the lease may have run out. Called before every side effect: fencing guards the journal, not the world. */
  assertHeld(): void;
}

/** By both clocks: that of a machine that was suspended may have stood still, and the other one may have been set. */
interface Moment {
  readonly monotonic: number;
  readonly now: number;
}

interface Entry {
  readonly lease: Lease;
  readonly lost: AbortController;
  readonly unwanted: AbortController;
  deadline: Moment;
}

const soonMs = 100;

interface LeaseKeeperOptions {
  readonly store: DeploymentStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly log: OperatorLog;
}

/** Wishes that end what is being done; the others are what is being done. */
const interrupting: ReadonlySet<Want> = new Set<Want>(['cancel', 'delete', 'take-back', 'pause']);

/** Keeps the leases of this process alive with one heartbeat, and tells their holders when one is lost or its deployment unwanted. */
export class LeaseKeeper {
  readonly #entries = new Map<string, Entry>();
  readonly #options: LeaseKeeperOptions;
  #stopped: Error | null = null;
  #soon: Promise<void> | null = null;
  #askedAt = -Infinity;
  readonly #ending = new AbortController();

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** To be taken just before a lease is asked for. */
  moment(): Moment {
    const { clock } = this.#options;
    return { monotonic: clock.monotonic(), now: clock.now() };
  }

  /** `claimedAt`: just before the lease was asked for. */
  hold(lease: Lease, claimedAt: Moment): HeldLease {
    const entry: Entry = {
      lease,
      lost: new AbortController(),
      unwanted: new AbortController(),
      deadline: this.#deadlineFrom(claimedAt),
    };
    this.#entries.set(lease.deploymentId, entry);
    if (this.#stopped !== null) entry.lost.abort(this.#stopped);
    else void this.#loseAtDeadline(entry);
    return {
      lease,
      lost: entry.lost.signal,
      unwanted: entry.unwanted.signal,
      assertHeld: () => this.#assertHeld(entry),
    };
  }

  drop(lease: Lease): void {
    this.#entries.delete(lease.deploymentId);
  }

  holds(deploymentId: string): boolean {
    return this.#entries.has(deploymentId);
  }

  held(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Beats until aborted; then every holder is told to stop. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, leaseMs } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(leaseMs / 3, signal).catch(() => undefined);
      if (!signal.aborted) await this.beat();
    }
    this.#stopped = new Error('the control plane is stopping');
    this.#ending.abort();
    for (const entry of this.#entries.values()) entry.lost.abort(this.#stopped);
    await this.#soon;
  }

  /** Also while a heartbeat hangs: nobody acts past the time that the database was asked for. */
  async #loseAtDeadline(entry: Entry): Promise<void> {
    const { clock } = this.#options;
    while (!entry.lost.signal.aborted && this.#entries.get(entry.lease.deploymentId) === entry) {
      if (this.#isPastDeadline(entry)) entry.lost.abort(new FencedError(entry.lease.deploymentId));
      // Aborted or past the deadline: either way the loop looks again.
      else
        await clock.sleep(entry.deadline.monotonic - clock.monotonic() + 1, entry.lost.signal).catch(() => undefined);
    }
  }

  /** Asks what is wanted, at most every `soonMs`: how a wish to cancel is noticed before the next heartbeat. */
  askSoon(): void {
    if (this.#soon !== null || this.#stopped !== null) return;
    const { clock } = this.#options;
    const waitMs = Math.max(0, this.#askedAt + soonMs - clock.monotonic());
    this.#soon = clock
      .sleep(waitMs, this.#ending.signal)
      .catch(() => undefined)
      .then(() => {
        this.#soon = null;
        return this.#ask();
      });
  }

  async #ask(): Promise<void> {
    const { store, log, clock } = this.#options;
    this.#askedAt = clock.monotonic();
    const entries = [...this.#entries.values()];
    if (entries.length === 0) return;
    try {
      const wants = await store.wanted(entries.map((entry) => entry.lease));
      for (const entry of entries) this.#learn(entry, wants);
    } catch (error) {
      log.warn({ error: String(error) }, 'what is wanted could not be read');
    }
  }

  async beat(): Promise<void> {
    const entries = [...this.#entries.values()];
    if (entries.length === 0) return;
    const deadline = this.#deadlineFrom(this.moment());
    try {
      const held = await this.#options.store.heartbeat(
        entries.map((entry) => entry.lease),
        this.#options.leaseMs,
      );
      for (const entry of entries) if (this.#learn(entry, held)) entry.deadline = deadline;
    } catch (error) {
      this.#options.log.warn({ error: String(error) }, 'heartbeat failed');
    }
  }

  /** False when it is not held any more. */
  #learn(entry: Entry, held: ReadonlyMap<string, Want | null>): boolean {
    const want = held.get(entry.lease.deploymentId);
    if (want === undefined) {
      entry.lost.abort(new FencedError(entry.lease.deploymentId));
      return false;
    }
    if (want !== null && interrupting.has(want)) entry.unwanted.abort(new Error(want));
    return true;
  }

  #assertHeld(entry: Entry): void {
    if (this.#isPastDeadline(entry)) entry.lost.abort(new FencedError(entry.lease.deploymentId));
    entry.lost.signal.throwIfAborted();
  }

  /** By either clock: to lead a deployment anew costs nothing, to act on a lease that has passed on may cost a request. */
  #isPastDeadline({ deadline }: Entry): boolean {
    const { monotonic, now } = this.moment();
    return monotonic > deadline.monotonic || now > deadline.now;
  }

  /** A margin of a tenth, so that we stop before somebody else may start. */
  #deadlineFrom(asked: Moment): Moment {
    const ms = this.#options.leaseMs * 0.9;
    return { monotonic: asked.monotonic + ms, now: asked.now + ms };
  }
}
