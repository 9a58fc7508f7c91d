import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform } from '../harness/platform.ts';
import { createBenchRepository, helloNode } from './bench-repository.ts';
import {
  measureCommandLineFloor,
  measureDockerFloor,
  measureIsolatedCommandLineFloor,
  measureIsolatedFloor,
} from './docker-floor.ts';
import { atMost, quantile, reported, type Bench, type BenchOptions, type Figure } from './figure.ts';
import { isCompleted, PlatformApi } from './platform-api.ts';

const bench = 'overhead';
/** Keeps its connection, as browsers do: to connect for each question is more work than to answer it. */
const visitor = new Agent({ keepAlive: true, maxSockets: 1 });
/** Not shorter: asking is itself work for the machine that is measured. */
const pollMs = 5;
const limitMs = 60_000;

/** One app and where its visitors find out which version answers. */
interface Subject {
  readonly api: PlatformApi;
  readonly routerPort: number;
  readonly host: string;
  readonly path: string;
}

/** How long a redeploy with nothing to build takes, against the floor that Docker sets, and against the app's own start. */
export const run: Bench = async (options) => {
  await using platform = await startPlatform();
  const subject = (name: string, path: string): Subject => ({
    api: new PlatformApi(platform, name),
    routerPort: platform.routerPort,
    host: `${name}.localhost`,
    path,
  });
  const ratios = await ratiosToFloor(subject('hello', '/'), options);
  const delays = await delaysAfterReady(subject('bench', '/ready-at'), options);
  return [...ratios, ...delays];
};

/** Trigger to traffic and the floor take turns, so that whatever else the machine does hits both. */
async function ratiosToFloor(subject: Subject, { quick, say }: BenchOptions): Promise<Figure[]> {
  await using repository = await createBenchRepository(helloNode);
  const imageId = await firstDeployment(subject.api, repository.url);
  const taken = floors.map((floor) => ({ ...floor, samples: [] as number[] }));
  const redeploys: number[] = [];
  for (let round = 0; round < (quick ? 5 : 20); round++) {
    for (const { measure, samples } of taken) samples.push(await measure(imageId));
    const { triggeredAt, firstSeenAt } = await redeploy(subject);
    redeploys.push(firstSeenAt - triggeredAt);
  }
  const redeployed = median(redeploys);
  const words = taken.map(({ metric, samples }) => `${metric} ${Math.round(median(samples))} ms`);
  say(`medians of ${redeploys.length}: ${words.join(', ')}, trigger to traffic ${Math.round(redeployed)} ms`);
  return taken.map(({ metric, samples, atMost: bar }) => {
    const named = {
      bench,
      metric: `trigger to traffic / ${metric}`,
      value: redeployed / median(samples),
      unit: 'ratio',
    };
    return bar === null ? reported(named) : atMost(bar, named);
  });
}

/** What the same start costs without a platform, from the least that Docker can do to the same container as the platform starts. */
const floors = [
  // The target names "docker create" and "docker start".
  { metric: 'bare container, command line', measure: measureCommandLineFloor, atMost: 1.5 },
  { metric: 'same container, command line', measure: measureIsolatedCommandLineFloor, atMost: 1.5 },
  { metric: 'same container, API', measure: measureIsolatedFloor, atMost: 1.5 },
  // What no user can come to, and no app is run as.
  { metric: 'bare container, API', measure: measureDockerFloor, atMost: null },
] as const;

/** From the app's first possible 2xx to its first answer through the router, for apps that start in 0.1, 1 and 10 s. */
async function delaysAfterReady(subject: Subject, { quick, say }: BenchOptions): Promise<Figure[]> {
  await using repository = await createBenchRepository();
  await firstDeployment(subject.api, repository.url);
  const figures: Figure[] = [];
  for (const startMs of [100, 1_000, 10_000]) {
    await subject.api.setVariable('START_DELAY_MS', String(startMs));
    const delays: number[] = [];
    for (let round = 0; round < (quick ? 3 : 20); round++) {
      const { firstSeenAt, answer } = await redeploy(subject);
      delays.push(firstSeenAt - Number(answer.readyAt));
    }
    const p95 = quantile(delays, 0.95);
    say(
      `app with ${startMs} ms of start: median ${quantile(delays, 0.5)} ms, p95 ${p95} ms after its first possible 2xx`,
    );
    const metric = `first possible 2xx to traffic, p95, ${startMs / 1_000} s start`;
    figures.push(atMost(300 + startMs / 10, { bench, metric, value: p95, unit: 'ms' }));
  }
  return figures;
}

/** Resolves to the id of the image, which every later deployment of the same commit uses again. */
async function firstDeployment(api: PlatformApi, repository: string): Promise<string> {
  await api.createProject(repository);
  await api.setSettings({ drainTimeoutMs: 1_000, stopGraceMs: 1_000 });
  const { artifact } = await api.deploy();
  if (artifact?.type !== 'image') throw new Error('the app was not built into an image');
  return artifact.imageId;
}

interface Redeploy {
  /** Epoch ms. */
  readonly triggeredAt: number;
  /** Epoch ms of the first answer of the new version. */
  readonly firstSeenAt: number;
  readonly answer: VersionAnswer;
}

/**
 * Triggers, asks through the router until the new version answers, and then waits until the old one is gone. Nobody asks before its
 * container has been started, as with the floors: each question is work for the machine that starts it.
 */
async function redeploy(subject: Subject): Promise<Redeploy> {
  const triggeredAt = Date.now();
  const number = await subject.api.trigger();
  await subject.api.untilTold(number, 'instance.starting');
  for (;;) {
    const answer = await ask(subject);
    const firstSeenAt = Date.now();
    if (Number(answer.deployment) === number) {
      await subject.api.waitFor(number, isCompleted);
      return { triggeredAt, firstSeenAt, answer };
    }
    if (firstSeenAt - triggeredAt > limitMs) throw new Error(`#${number} got no traffic within ${limitMs} ms`);
    await sleep(pollMs);
  }
}

/** What an app says of itself: which deployment it is, and the benchmarks' app since when it could answer (epoch ms). */
interface VersionAnswer {
  readonly deployment: string;
  readonly readyAt?: number;
}

async function ask({ routerPort, host, path }: Subject): Promise<VersionAnswer> {
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: routerPort, path, headers: { host }, agent: visitor },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body);
          else reject(new Error(`status ${response.statusCode} during a redeploy: ${body}`));
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
  return JSON.parse(text) as VersionAnswer;
}

function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}
