import { Agent } from 'node:http';
import { send } from './haproxy-app.ts';

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
}

/** A small closed-loop load that never retries: keep-alive GETs, GETs on new connections, POSTs with a body, slow GETs. */
export function runLoad(port: number, host: string): AsyncDisposable & { stop(): Promise<LoadResult> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const failures: string[] = [];
  let requests = 0;
  const stopped = new AbortController();
  const loop = async (kind: string, options: Parameters<typeof send>[2]) => {
    while (!stopped.signal.aborted) {
      requests += 1;
      await send(port, host, options).then(
        ({ status }) => (status === 200 ? undefined : failures.push(`${kind}: ${status}`)),
        (error: unknown) => failures.push(`${kind}: ${String(error)}`),
      );
    }
  };
  const loops = [
    ...Array.from({ length: 4 }, () => loop('keep-alive', { agent })),
    ...Array.from({ length: 2 }, () => loop('new connection', {})),
    ...Array.from({ length: 2 }, () => loop('post', { agent, method: 'POST', body: 'x'.repeat(20_000) })),
    loop('slow', { path: '/slow/150' }),
  ];
  const stop = async () => {
    stopped.abort();
    await Promise.all(loops);
    agent.destroy();
    return { requests, failures };
  };
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
