import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startGitServer } from '../harness/git-server.ts';
import { startPlatform, type TestPlatform } from '../harness/platform.ts';
import { atLeast, atMost, quantile, reported, type Bench, type Figure } from './figure.ts';
import { startLoad } from './load/load-process.ts';
import type { LoadReport } from './load/report.ts';
import { PlatformApi } from './platform-api.ts';

const bench = 'build';
const host = 'live.localhost';

/** Answers as the load client wants it, after two milliseconds of work. */
const liveApp = {
  'package.json': JSON.stringify({ name: 'live', private: true, scripts: { start: 'node server.js' } }),
  'server.js': `
const filler = 'x'.repeat(1024);
require('node:http').createServer((request, response) => {
  const until = performance.now() + 2;
  while (performance.now() < until);
  const n = new URL(request.url, 'http://app').searchParams.get('n');
  response.end('version=1 n=' + n + '\\n' + filler + '\\nend\\n');
}).listen(process.env.PORT);
`,
};

/** Never from the cache: four processes that want all of a processor each, until the build is cancelled. */
function burning(round: number): Record<string, string> {
  const four = `: ${Date.now()}-${round}; for n in 1 2 3 4; do node -e "while (true);" & done; echo burning; wait`;
  return { Dockerfile: `FROM node:24-slim\nRUN ${four}\nCMD ["true"]\n` };
}

interface Seen {
  /** At saturation. */
  readonly throughput: number;
  /** At half of it. */
  readonly half: LoadReport & { readonly perSecond: number };
}

/** What a live app with two instances still does beside a build of four processes, against what it did just before. */
export const measureIsolation: Bench = async ({ quick, say }) => {
  await using platform = await startPlatform();
  await using git = await startGitServer();
  const [live, burner] = [new PlatformApi(platform, 'live'), new PlatformApi(platform, 'burner')];
  const [liveCode, burnerCode] = [await git.createRepository('live'), await git.createRepository('burner')];
  await liveCode.commit(liveApp);
  await live.createProject(liveCode.url);
  await live.setSettings({ replicas: 2, observationMs: 0 });
  await live.deploy();
  await burnerCode.commit(burning(0));
  await burner.createProject(burnerCode.url);
  const seconds = quick ? 4 : 10;
  const halfRate = Math.floor((await saturate(platform, seconds)) / 2);
  const rounds: { readonly before: Seen; readonly during: Seen }[] = [];
  for (let round = 1; round <= (quick ? 1 : 3); round += 1) {
    await burnerCode.commit(burning(round));
    const before = await look(platform, halfRate, seconds);
    const number = await burner.trigger();
    await untilBurning(burner, number);
    const during = await look(platform, halfRate, seconds);
    await burner.cancel(number);
    rounds.push({ before, during });
    say(`round ${round}: ${describe(before)} before, ${describe(during)} beside the build`);
  }
  return figuresOf(rounds);
};

function figuresOf(rounds: readonly { readonly before: Seen; readonly during: Seen }[]): Figure[] {
  const median = (ratio: (round: (typeof rounds)[number]) => number) => quantile(rounds.map(ratio), 0.5);
  const atHalf = median(({ before, during }) => during.half.perSecond / before.half.perSecond);
  const p99 = median(({ before, during }) => during.half.latency.p99 / before.half.latency.p99);
  const saturated = median(({ before, during }) => during.throughput / before.throughput);
  const failed = rounds.reduce((sum, { before, during }) => sum + before.half.failed + during.half.failed, 0);
  return [
    atLeast(0.99, named('beside a build, at half load: throughput', atHalf)),
    atMost(2, named('beside a build, at half load: p99', p99)),
    atLeast(0.9, named('beside a build, at saturation: throughput', saturated)),
    atMost(0, named('beside a build: failed requests', failed, 'requests')),
    reported(
      named(
        'before a build, at half load: p99',
        median(({ before }) => before.half.latency.p99),
        'ms',
      ),
    ),
  ];
}

function named(metric: string, value: number, unit = 'of before') {
  return { bench, metric, value, unit };
}

async function look(platform: TestPlatform, halfRate: number, seconds: number): Promise<Seen> {
  return { half: await loadHalf(platform, halfRate, seconds), throughput: await saturate(platform, seconds) };
}

async function loadHalf({ routerPort: port }: TestPlatform, ratePerSecond: number, seconds: number) {
  await using load = startLoad({
    address: '127.0.0.1',
    port,
    host,
    ratePerSecond,
    mix: { 'keep-alive': 100, 'new-connection': 0, post: 0, slow: 0 },
    webSockets: 0,
    eventStreams: 0,
    drainTimeoutMs: 0,
    timeoutMs: 5_000,
    toleranceMs: 0,
  });
  const startedAt = performance.now();
  await sleep(seconds * 1_000);
  const report = await load.stop();
  return { ...report, perSecond: (report.requests - report.failed) / ((performance.now() - startedAt) / 1_000) };
}

/** Answers per second, as many as there can be. */
async function saturate({ routerPort }: TestPlatform, seconds: number): Promise<number> {
  const args = ['-t1', '-c16', `-d${seconds}s`, '-H', `Host: ${host}`, `http://127.0.0.1:${routerPort}/?n=1`];
  const { stdout } = await promisify(execFile)('wrk', args, { timeout: 60_000 });
  const value = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (value === undefined || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk says: ${stdout}`);
  return Number(value);
}

async function untilBurning(burner: PlatformApi, number: number): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(100))
    if (/^burning$/m.test(await burner.log(number, 'BuildImageJob').catch(() => ''))) return;
  throw new Error('the build did not begin');
}

function describe({ half, throughput }: Seen): string {
  return `${throughput.toFixed(0)}/s at most, ${half.perSecond.toFixed(0)}/s and p99 ${half.latency.p99.toFixed(1)} ms at half`;
}
