import { setTimeout as sleep } from 'node:timers/promises';
import { kindOf, type LoadOptions } from './load-options.ts';
import { Recorder, type LoadReport } from './report.ts';
import { keepAliveAgent, sendRequest } from './request.ts';
import { judgeClose, type ClosedStream, type Switch } from './stream-verdict.ts';
import { openEvents, openWebSocket, type OpenStream, type StreamKind } from './streams.ts';

export interface LoadClient {
  /** Requests and streams so far. */
  requests(): number;
  noteSwitch(one: Switch): void;
  /** Sends nothing more, waits for what is under way, and tells what was seen. */
  stop(): Promise<LoadReport>;
}

const tickMs = 5;
const pauseAfterFailureMs = 100;

/** Starts an open-loop client: every request is due by the clock, is sent once, and is recorded. */
export function startClient(options: LoadOptions): LoadClient {
  const recorder = new Recorder();
  const leaving = new AbortController();
  const switches: Switch[] = [];
  const closed: { readonly kind: StreamKind; readonly stream: ClosedStream }[] = [];
  const requests = sendByTheClock(options, recorder);
  const streams = [
    ...Array.from({ length: options.webSockets }, () => keepOpen('websocket', openWebSocket)),
    ...Array.from({ length: options.eventStreams }, () => keepOpen('events', openEvents)),
  ];

  async function keepOpen(kind: StreamKind, open: OpenStream): Promise<void> {
    while (!leaving.signal.aborted) {
      recorder.streamOpened(kind);
      const end = await open(options, leaving.signal);
      if (end.type === 'closed') closed.push({ kind, stream: end });
      if (end.type !== 'failed') continue;
      recorder.fail(kind, end.failure);
      await sleep(pauseAfterFailureMs);
    }
  }

  return {
    requests: () => recorder.requests,
    noteSwitch: (one) => switches.push(one),
    stop: async () => {
      await requests.stop();
      leaving.abort();
      await Promise.all(streams);
      for (const { kind, stream } of closed) {
        const failure = judgeClose(stream, switches, options);
        if (failure === null) recorder.streamClosedInTime();
        else recorder.fail(kind, failure);
      }
      return recorder.report();
    },
  };
}

function sendByTheClock(options: LoadOptions, recorder: Recorder): { stop(): Promise<void> } {
  const agent = keepAliveAgent();
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    for (;;) {
      const dueAt = startedAt + (sent * 1000) / options.ratePerSecond;
      if (dueAt > now) return;
      recorder.lag(now - dueAt);
      const kind = kindOf(sent, options.mix);
      const one = sendRequest(kind, sent, dueAt, options, agent).then((outcome) => recorder.outcome(kind, outcome));
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
      sent += 1;
    }
  }, tickMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}
