import { get } from 'node:http';
import { WebSocket, type RawData } from 'ws';
import type { LoadOptions } from './load-options.ts';
import { connectionFailure, statusFailure, type Failure } from './outcome.ts';

export type StreamKind = 'websocket' | 'events';

/** How one stream ended. Either it failed by itself, or it was closed, and when the switches are known that is judged. */
export type StreamEnd =
  | { readonly type: 'failed'; readonly failure: Failure }
  /** `version`: of the instance it was on; `at`: epoch ms. */
  | { readonly type: 'closed'; readonly version: number; readonly at: number }
  /** We closed it. */
  | { readonly type: 'left' };

export type OpenStream = (options: LoadOptions, signal: AbortSignal) => Promise<StreamEnd>;

const pingMs = 500;

/** Opens a WebSocket, keeps asking, and resolves when it ends. Aborting the signal leaves it. */
export const openWebSocket: OpenStream = (options, signal) =>
  withEnding(options, signal, (stream) => {
    const socket = new WebSocket(`ws://${options.address}:${options.port}/socket`, {
      headers: { host: options.host },
      handshakeTimeout: options.timeoutMs,
    });
    let question = 0;
    const ask = () => socket.send(`question ${++question}`);
    const next = setInterval(() => socket.readyState === WebSocket.OPEN && stream.answered(question) && ask(), pingMs);
    stream.onEnd(() => {
      clearInterval(next);
      socket.terminate();
    });
    socket.on('message', (data) => {
      const text = textOf(data);
      if (question === 0) stream.greeted(text);
      else if (text === `question ${question}`) stream.progress(question);
      else stream.fail({ kind: 'wrong-body', detail: `"${text}" in answer to question ${question}` });
    });
    socket.on('unexpected-response', (_request, response) => {
      stream.fail(statusFailure(response.statusCode) ?? { kind: 'wrong-status', detail: '200 to an upgrade' });
    });
    socket.on('error', (error) => stream.broken(error));
    socket.on('close', () => stream.closed());
  });

/** The same for server-sent events: they must come numbered without a gap. */
export const openEvents: OpenStream = (options, signal) =>
  withEnding(options, signal, (stream) => {
    const request = get(
      { host: options.address, port: options.port, path: '/events', agent: false, headers: { host: options.host } },
      (response) => {
        const wrong = statusFailure(response.statusCode);
        if (wrong !== null) return stream.fail(wrong);
        let pending = '';
        let expected = 0;
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const events = (pending + chunk).split('\n\n');
          pending = events.pop() ?? '';
          for (const event of events) {
            if (expected === 0) stream.greeted(event);
            if (!event.endsWith(` seq=${expected}`)) {
              stream.fail({ kind: 'wrong-body', detail: `"${event}" where event ${expected} was due` });
            }
            expected += 1;
            stream.progress(expected);
          }
        });
        response.on('error', () => stream.closed());
        response.on('end', () => stream.closed());
      },
    );
    stream.onEnd(() => request.destroy());
    request.on('error', (error) => stream.broken(error));
  });

interface Stream {
  greeted(text: string): void;
  progress(count: number): void;
  answered(count: number): boolean;
  fail(failure: Failure): void;
  broken(error: Error): void;
  closed(): void;
  onEnd(release: () => void): void;
}

/** One ending per stream: the first thing that happens to it counts. A silence longer than the timeout is a failure too. */
function withEnding(options: LoadOptions, signal: AbortSignal, open: (stream: Stream) => void): Promise<StreamEnd> {
  return new Promise((resolve) => {
    let version: number | null = null;
    let done = 0;
    let release: (() => void) | null = null;
    const silence = setTimeout(
      () => end({ type: 'failed', failure: { kind: 'slow', detail: `silent for ${options.timeoutMs} ms` } }),
      options.timeoutMs,
    );
    const end = (result: StreamEnd) => {
      clearTimeout(silence);
      signal.removeEventListener('abort', leave);
      resolve(signal.aborted ? { type: 'left' } : result);
      release?.();
    };
    const leave = () => end({ type: 'left' });
    const closed = (failure: Failure) => {
      end(version === null ? { type: 'failed', failure } : { type: 'closed', version, at: Date.now() });
    };
    signal.addEventListener('abort', leave, { once: true });
    open({
      greeted: (text) => {
        version = Number(/version=(\d+)/.exec(text)?.[1] ?? Number.NaN);
        if (Number.isNaN(version)) end({ type: 'failed', failure: { kind: 'wrong-body', detail: text.slice(0, 80) } });
        silence.refresh();
      },
      progress: (count) => {
        done = count;
        silence.refresh();
      },
      answered: (count) => version !== null && done === count,
      fail: (failure) => end({ type: 'failed', failure }),
      broken: (error) => closed(connectionFailure(error, false)),
      closed: () => closed({ kind: 'reset', detail: 'closed before it said anything' }),
      onEnd: (what) => (release = what),
    });
  });
}

/** What a WebSocket message says. */
export function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString();
}
