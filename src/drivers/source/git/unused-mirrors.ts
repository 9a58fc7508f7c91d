import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyedLock } from './keyed-lock.ts';
import { readyMarker } from './mirror.ts';

/** Not noted at every use: what is told apart are weeks. */
const notedEveryMs = 60 * 60_000;

/** When each mirror was last used, by the time of its marker. */
export class MirrorUse {
  readonly #dir: string;
  readonly #lock: KeyedLock;
  /** By path, epoch ms: as this process has written it. */
  readonly #noted = new Map<string, number>();

  constructor(dir: string, lock: KeyedLock) {
    this.#dir = dir;
    this.#lock = lock;
  }

  /** The caller holds the mirror's lock, and the mirror is there. */
  async note(path: string): Promise<void> {
    const now = Date.now();
    if (now - (this.#noted.get(path) ?? 0) < notedEveryMs) return;
    await utimes(join(path, readyMarker), now / 1_000, now / 1_000);
    this.#noted.set(path, now);
  }

  /** Removes every mirror that nobody used for so long; resolves to how many. */
  async removeUnused(unusedMs: number, signal: AbortSignal): Promise<number> {
    let removed = 0;
    for (const name of await readdir(this.#dir).catch(whereAbsent([]))) {
      const path = join(this.#dir, name);
      removed += await this.#lock.run(path, signal, async () => {
        const usedAt = await lastUse(path);
        if (usedAt === null || Date.now() - usedAt < unusedMs) return 0;
        this.#noted.delete(path);
        await rm(path, { recursive: true, force: true });
        return 1;
      });
    }
    return removed;
  }
}

/** Epoch ms; of one that was never finished, when it was begun. null: it is gone. */
async function lastUse(path: string): Promise<number | null> {
  const marker = await stat(join(path, readyMarker)).catch(whereAbsent(null));
  return (marker ?? (await stat(path).catch(whereAbsent(null))))?.mtimeMs ?? null;
}

function whereAbsent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value;
    throw error;
  };
}
