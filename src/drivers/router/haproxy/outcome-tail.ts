import { connect } from 'node:net';
import { parseInfo } from './workers.ts';

interface Ring {
  readonly name: string;
  /** Of the worker. */
  readonly pid: number;
  /** With the lines that it had before. */
  readonly fromStart: boolean;
}

/**
 * Hands out whole lines of the ring of the worker with this process id, until it ends, the connection is lost or the signal is
 * aborted; never rejects. While `take` is not done nothing more is read.
 */
export async function readTail(
  path: string,
  ring: Ring,
  take: (lines: readonly string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const socket = connect({ path });
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  socket.setEncoding('latin1');
  // The socket may already belong to another worker: the first answer tells whose it is.
  socket.write(`show info;show events ${ring.name} -w${ring.fromStart ? '' : ' -n'}\n`);
  try {
    let rest: string | null = null;
    let head = '';
    for await (const chunk of socket as AsyncIterable<string>) {
      if (rest === null) {
        head += chunk;
        const end = head.indexOf('\n\n');
        if (end < 0) continue;
        if (parseInfo(head.slice(0, end)).pid !== ring.pid) return;
        rest = head.slice(end + 2);
      } else rest += chunk;
      const lines: string[] = rest.split('\n');
      rest = lines.pop() ?? '';
      await take(lines);
    }
  } catch {
    // A lost connection is what the end of a worker looks like; the caller goes on with the next one.
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
