import { once } from 'node:events';
import { WebSocket, type RawData } from 'ws';
import { atLeast, atMost, type Figure } from '../../figure.ts';
import { defaultMix, type LoadOptions } from '../../load/load-options.ts';
import { openEvents, openWebSocket, textOf, type StreamEnd } from '../../load/streams.ts';
import { bench, type BenchCase } from '../bench-case.ts';
import { pause, streamingApp, Subject } from '../subject.ts';

const drainTimeoutMs = 10_000;
const toleranceMs = 250;
const each = 50;

/** 100 streams stay on the old version for the whole drain timeout, and are then closed one by one (rule 5.4). */
export const streams: BenchCase = async ({ stage, say }) => {
  const settings = { drainTimeoutMs, health: { path: '/' } };
  const subject = await Subject.create(stage, 'streams', { settings, app: streamingApp });
  const options: LoadOptions = {
    address: '127.0.0.1',
    port: stage.platform.routerPort,
    host: subject.host,
    ratePerSecond: 0,
    mix: defaultMix,
    webSockets: each,
    eventStreams: each,
    drainTimeoutMs,
    timeoutMs: 10_000,
    toleranceMs,
  };
  await using old = openStreams(options);
  await pause(2_000);
  const number = await subject.trigger({});
  const { deployment } = await subject.inTraffic(number);
  const switchedAt = Date.parse(deployment.readyAt ?? '');
  const versions = await Promise.all(Array.from({ length: 20 }, () => versionGreeting(options)));
  const ends = await old.ends();
  await pause(1_000);
  const [drained] = await subject.events(number, 'drained');
  say(`${subject.name}: ${JSON.stringify(drained)}`);
  const fresh = versions.filter((version) => version === number).length;
  return [
    ...figuresOf(ends, switchedAt),
    atLeast(versions.length, {
      bench,
      metric: 'opened after the switch: on the new version',
      value: fresh,
      unit: 'streams',
    }),
  ];
};

interface OpenStreams extends AsyncDisposable {
  /** Of all of them, when the last has ended. */
  ends(): Promise<readonly StreamEnd[]>;
}

function openStreams(options: LoadOptions): OpenStreams {
  const leaving = new AbortController();
  const all = Promise.all(
    [openWebSocket, openEvents].flatMap((kind) => Array.from({ length: each }, () => kind(options, leaving.signal))),
  );
  return {
    ends: () => all,
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await all;
    },
  };
}

function figuresOf(ends: readonly StreamEnd[], switchedAt: number): Figure[] {
  const closings = ends.flatMap((end) => (end.type === 'closed' ? [end.at - switchedAt] : []));
  const lived = closings.filter((afterMs) => afterMs >= drainTimeoutMs - toleranceMs).length;
  const spread = Math.max(...closings) - Math.min(...closings);
  const what = `${each * 2} WebSockets and event streams`;
  return [
    atLeast(each * 2, {
      bench,
      metric: `${what}: alive until the drain timeout of 10 s`,
      value: lived,
      unit: 'streams',
    }),
    atLeast(drainTimeoutMs * 0.2, { bench, metric: `${what}: closed in a spread of`, value: spread, unit: 'ms' }),
    atMost(drainTimeoutMs * 1.4, {
      bench,
      metric: `${what}: the last closed after`,
      value: Math.max(...closings),
      unit: 'ms',
    }),
  ];
}

/** The version that a new WebSocket gets, as it says when it is opened. */
async function versionGreeting({ port, host }: LoadOptions): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { host } });
  try {
    const [greeting] = (await once(socket, 'message')) as [RawData];
    return Number(/version=(\d+)/.exec(textOf(greeting))?.[1]);
  } finally {
    socket.terminate();
  }
}
