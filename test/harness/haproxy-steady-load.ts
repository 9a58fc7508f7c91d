import { setTimeout as sleep } from 'node:timers/promises';
import type { Visitors } from '../conformance/router-visitors.ts';

export interface SteadyResult {
  readonly requests: number;
  readonly failures: readonly { readonly at: number; readonly method: string; readonly why: string }[];
  readonly longestMs: number;
  /** By the name of the app that answered. */
  readonly answers: ReadonlyMap<string, number>;
}

/** So many requests a second whatever becomes of them, a third of them POSTs with a body that is checked by its length. */
export function runSteadyLoad(
  { send, connections }: Pick<Visitors, 'send' | 'connections'>,
  host: string,
  perSecond: number,
): AsyncDisposable & { stop(): Promise<SteadyResult>; answers: ReadonlyMap<string, number> } {
  const over = connections(Infinity);
  const failures: { at: number; method: string; why: string }[] = [];
  const answers = new Map<string, number>();
  const open: Promise<void>[] = [];
  const stopped = new AbortController();
  let longestMs = 0;
  const one = async (index: number) => {
    const began = performance.now();
    const method = index % 3 === 0 ? 'POST' : 'GET';
    const at = Date.now();
    try {
      const sent = {
        over,
        method,
        path: `/load/${index}`,
        ...(method === 'POST' ? { body: 'x'.repeat(3_000) } : {}),
      };
      const answer = await send(host, sent);
      const { name, received } = JSON.parse(answer.status === 200 ? answer.body : '{}') as {
        name?: string;
        received?: number;
      };
      if (answer.status !== 200) failures.push({ at, method, why: String(answer.status) });
      else if (method === 'POST' && received !== 3_000) failures.push({ at, method, why: `${received} bytes` });
      else answers.set(name ?? '', (answers.get(name ?? '') ?? 0) + 1);
    } catch (error) {
      failures.push({ at, method, why: String(error) });
    }
    longestMs = Math.max(longestMs, performance.now() - began);
  };
  const pace = async () => {
    const began = performance.now();
    while (!stopped.signal.aborted) {
      while (open.length < ((performance.now() - began) * perSecond) / 1000) open.push(one(open.length));
      await sleep(2);
    }
  };
  const running = pace();
  const stop = async () => {
    stopped.abort();
    await running;
    await Promise.all(open);
    over[Symbol.dispose]();
    return { requests: open.length, failures, longestMs, answers };
  };
  return { stop, answers, [Symbol.asyncDispose]: async () => void (await stop()) };
}
