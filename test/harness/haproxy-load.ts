import type { Sent, Visitors } from '../conformance/router-visitors.ts';

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
}

/** A small closed-loop load that never retries: keep-alive GETs, GETs on new connections, POSTs with a body, slow GETs. */
export function runLoad(
  { send, connections }: Pick<Visitors, 'send' | 'connections'>,
  host: string,
): AsyncDisposable & { stop(): Promise<LoadResult> } {
  const over = connections(4);
  const failures: string[] = [];
  let requests = 0;
  const stopped = new AbortController();
  const loop = async (kind: string, sent: Sent) => {
    while (!stopped.signal.aborted) {
      requests += 1;
      await send(host, sent).then(
        ({ status }) => (status === 200 ? undefined : failures.push(`${kind}: ${status}`)),
        (error: unknown) => failures.push(`${kind}: ${String(error)}`),
      );
    }
  };
  const loops = [
    ...Array.from({ length: 4 }, () => loop('keep-alive', { over })),
    ...Array.from({ length: 2 }, () => loop('new connection', {})),
    ...Array.from({ length: 2 }, () => loop('post', { over, method: 'POST', body: 'x'.repeat(20_000) })),
    loop('slow', { path: '/slow/150' }),
  ];
  const stop = async () => {
    stopped.abort();
    await Promise.all(loops);
    over[Symbol.dispose]();
    return { requests, failures };
  };
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
