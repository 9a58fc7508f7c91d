import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';

export interface Visit {
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly status: number;
  readonly body: string;
}

export interface Visitors extends AsyncDisposable {
  readonly visits: readonly Visit[];
  /** Stops, and resolves when the last one has been answered. */
  stop(): Promise<readonly Visit[]>;
}

/** Open-loop visitors, so many a second, each on a connection of its own; none tries again. A broken connection is status 0. */
export function startVisitors(stage: Pick<Stage, 'visit'>, host: string, perSecond: number, path = '/'): Visitors {
  const visits: Visit[] = [];
  const under: Promise<void>[] = [];
  const stopping = new AbortController();
  const one = async () => {
    const at = performance.now();
    const answer = await stage.visit(host, path).catch((error: unknown) => ({ status: 0, body: String(error) }));
    visits.push({ at, status: answer.status, body: answer.body });
  };
  const running = (async () => {
    const began = performance.now();
    for (let count = 0; !stopping.signal.aborted; count += 1) {
      const due = began + (count * 1_000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
      under.push(one());
    }
  })();
  const stop = async () => {
    stopping.abort();
    await running;
    await Promise.all(under);
    return visits;
  };
  return {
    visits,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}
