import { CutoverError } from '../../../../src/domain/errors.ts';
import type { TimelineEntry } from '../../../../src/domain/timeline.ts';
import type { Clock } from '../../../../src/engine/ports/clock.ts';
import type { MemoryDatabase } from './database.ts';
import type { RowLocks } from './row-locks.ts';
import type { DeploymentRow } from './rows.ts';

/** The database at one moment; with `transact`, what is changed is changed at once. */
export interface Transaction {
  readonly db: MemoryDatabase;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Rows of which somebody may hold one while he does work outside of the database. */
interface Touched {
  /** Deployments. */
  readonly slotsOf?: readonly (string | undefined)[];
  /** Deployments. */
  readonly instancesOf?: readonly (string | undefined)[];
  readonly instances?: readonly { readonly id: string }[];
}

/** How one control plane reaches the database. */
export class Connection {
  readonly owner: number;
  readonly #db: MemoryDatabase;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(db: MemoryDatabase, { clock, owner }: { readonly clock: Pick<Clock, 'now'>; readonly owner: number }) {
    this.#db = db;
    this.#clock = clock;
    this.owner = owner;
  }

  read(): Transaction {
    return { db: this.#db, now: this.#clock.now() };
  }

  /** Waits until nobody holds a row that is touched. */
  async transact<T>(work: (tx: Transaction) => T, touched: Touched = {}): Promise<T> {
    for (let held = this.#heldOf(touched); held !== null; held = this.#heldOf(touched)) await this.waitFor(held);
    return this.#db.atomically(() => work(this.read()));
  }

  /** Whoever dies while it waits never gets what it waited for. Error: `database_unavailable`. */
  async waitFor(held: Promise<void>): Promise<void> {
    const assertKept = this.keeping();
    await held;
    assertKept();
  }

  /** The result throws `database_unavailable` where the connection was lost meanwhile, whether its owner was listening or not. */
  keeping(): () => void {
    const { sessions } = this.#db;
    const endings = sessions.endings(this.owner);
    return () => {
      if (sessions.endings(this.owner) !== endings)
        throw new CutoverError('database_unavailable', 'the connection was lost');
    };
  }

  #heldOf({ slotsOf = [], instancesOf = [], instances = [] }: Touched): Promise<void> | null {
    const { slotLocks, instanceLocks } = this.#db;
    if (slotLocks.isEmpty && instanceLocks.isEmpty) return null;
    const slots = slotsOf.flatMap((id) => (id === undefined ? [] : this.#db.slots.where('deployment', id)));
    const all = instancesOf.flatMap((id) => (id === undefined ? [] : this.#db.instances.where('deployment', id)));
    return (
      firstHeld(
        slotLocks,
        slots.map(({ number }) => number),
      ) ??
      firstHeld(
        instanceLocks,
        [...all, ...instances].map(({ id }) => id),
      )
    );
  }
}

function firstHeld<Key extends number | string>(locks: RowLocks<Key>, keys: readonly Key[]): Promise<void> | null {
  for (const key of keys) {
    const held = locks.wait(key);
    if (held !== null) return held;
  }
  return null;
}

let second = { at: Number.NaN, text: '' };

/** Mostly within the same second as the time before. */
export function isoTime(ms: number): string {
  const at = Math.floor(ms / 1_000) * 1_000;
  if (at !== second.at) second = { at, text: new Date(at).toISOString().slice(0, -'000Z'.length) };
  return `${second.text}${String(Math.floor(ms) - at).padStart(3, '0')}Z`;
}

/** Appends entries to a deployment's timeline, in order. */
export function appendTimeline(
  { db, now }: Transaction,
  { deployment: { id, projectId } }: DeploymentRow,
  entries: readonly TimelineEntry[],
): void {
  if (entries.length === 0) return;
  const at = isoTime(now);
  const added = entries.map((entry) => ({ id: db.nextSerial(), at, projectId, deploymentId: id, entry }));
  db.timelines.put(id, [...(db.timelines.get(id) ?? []), ...added]);
}

/** As long as no lease is given: one that says so was written before the clock was set back. */
const longestLeaseMs = 60_000;

/** Whether nobody acts on it: the lease has run out, or the session of its owner is gone. */
export function isAbandoned(
  { db, now }: Transaction,
  lease: { readonly owner: number | null; readonly until: number | null },
): boolean {
  return (
    lease.until === null || lease.until < now || lease.until > now + longestLeaseMs || !db.sessions.has(lease.owner)
  );
}
