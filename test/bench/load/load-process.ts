import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadOptions } from './load-options.ts';
import type { LoadReport } from './report.ts';
import type { Switch } from './stream-verdict.ts';

export type ToChild = { readonly type: 'switch'; readonly switch: Switch } | { readonly type: 'stop' };
type FromChild =
  | { readonly type: 'progress'; readonly requests: number }
  | { readonly type: 'report'; readonly report: LoadReport };

export interface LoadProcess extends AsyncDisposable {
  /** As of half a second ago. */
  requests(): number;
  noteSwitch(one: Switch): void;
  /** Rejects when the client died, so that a run without a client is never a run without failures. */
  stop(): Promise<LoadReport>;
}

/** Starts the load client in a process of its own. It sends until `stop`, or until it is disposed of. */
export function startLoad(options: LoadOptions): LoadProcess {
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), [JSON.stringify(options)]);
  const exited = once(child, 'exit');
  let requests = 0;
  const report = new Promise<LoadReport>((resolve, reject) => {
    child.on('message', (message: FromChild) => {
      if (message.type === 'progress') requests = message.requests;
      else resolve(message.report);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the load client ended with code ${code} before it reported`)));
  });
  report.catch(() => undefined);
  return {
    requests: () => requests,
    noteSwitch: (one) => child.send({ type: 'switch', switch: one } satisfies ToChild),
    stop: async () => {
      if (child.connected) child.send({ type: 'stop' } satisfies ToChild);
      const result = await report;
      await exited;
      return result;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
