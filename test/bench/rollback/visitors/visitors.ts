import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Visit, VisitOptions } from './visit.ts';

export interface FromChild {
  readonly visits: readonly Visit[];
  /** Everything that was due before this (epoch ms) has been told. */
  readonly completeTo: number;
}

export interface Visitors extends AsyncDisposable {
  /** Every visit due in this time (epoch ms), when all of them have ended. Rejects when the client died. */
  between(from: number, to: number): Promise<readonly Visit[]>;
}

const pollMs = 20;

/** Starts open-loop visitors: every request is due by the clock, is sent once, and is recorded. They go on until disposed of. */
export function startVisitors(options: VisitOptions): Visitors {
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(options)]);
  const exited = once(child, 'exit');
  const visits: Visit[] = [];
  const told = { completeTo: 0 };
  child.on('message', (message: FromChild) => {
    visits.push(...message.visits);
    told.completeTo = message.completeTo;
  });
  return {
    between: async (from, to) => {
      while (told.completeTo < to) {
        if (child.exitCode !== null) throw new Error(`the visitors ended with code ${child.exitCode}`);
        await sleep(pollMs);
      }
      return visits.filter(({ dueAt }) => dueAt >= from && dueAt < to);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
