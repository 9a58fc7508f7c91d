import type { EventEmitter } from 'node:events';

/** There is room again in what is written to, or what it belongs to is closed. Nothing goes on listening. */
export function roomOrEnd(written: EventEmitter, closed: EventEmitter = written): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = () => {
    written.off('drain', over);
    closed.off('close', over);
    resolve();
  };
  written.on('drain', over);
  closed.on('close', over);
  return promise;
}
