import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform } from '../harness/platform.ts';
import { createBenchRepository } from './bench-repository.ts';
import { measureDockerFloor } from './docker-floor.ts';
import { atMost, quantile, type Bench, type BenchOptions, type Figure } from './figure.ts';
import { isCompleted, PlatformApi } from './platform-api.ts';

const bench = 'overhead';
const pollMs = 2;
const limitMs = 60_000;

interface Subject {
  readonly api: PlatformApi;
  readonly routerPort: number;
}

/** How long a redeploy with nothing to build takes, against the floor that Docker sets, and against the app's own start. */
export const run: Bench = async (options) => {
  await using platform = await startPlatform();
  await using repository = await createBenchRepository();
  const api = new PlatformApi(platform, 'bench');
  await api.createProject(repository.url);
  await api.setSettings({ drainTimeoutMs: 1_000, stopGraceMs: 1_000 });
  const first = await api.deploy();
  if (first.artifact?.type !== 'image') throw new Error('the app was not built into an image');

  const subject = { api, routerPort: platform.routerPort };
  const figures = [await ratioToFloor(subject, first.artifact.imageId, options)];
  for (const startMs of [100, 1_000, 10_000]) figures.push(await delayAfterReady(subject, startMs, options));
  return figures;
};

/** Trigger to traffic and the floor take turns, so that whatever else the machine does hits both. */
async function ratioToFloor(subject: Subject, imageId: string, { quick, say }: BenchOptions): Promise<Figure> {
  const floors: number[] = [];
  const redeploys: number[] = [];
  for (let round = 0; round < (quick ? 5 : 20); round++) {
    floors.push(await measureDockerFloor(imageId));
    const { number, triggeredAt, firstSeenAt } = await redeploy(subject);
    redeploys.push(firstSeenAt - triggeredAt);
    await subject.api.waitFor(number, isCompleted);
  }
  const [floor, redeployed] = [quantile(floors, 0.5), quantile(redeploys, 0.5)];
  say(`medians of ${floors.length}: floor ${Math.round(floor)} ms, trigger to traffic ${Math.round(redeployed)} ms`);
  return atMost(1.5, { bench, metric: 'trigger to traffic / docker floor', value: redeployed / floor, unit: 'ratio' });
}

/** From the app's first possible 2xx to the first answer of it through the router. */
async function delayAfterReady(subject: Subject, startMs: number, { quick, say }: BenchOptions): Promise<Figure> {
  await subject.api.setVariable('START_DELAY_MS', String(startMs));
  const delays: number[] = [];
  for (let round = 0; round < (quick ? 3 : 20); round++) {
    const { number, readyAt, firstSeenAt } = await redeploy(subject);
    delays.push(firstSeenAt - readyAt);
    await subject.api.waitFor(number, isCompleted);
  }
  const p95 = quantile(delays, 0.95);
  say(
    `app with ${startMs} ms of start: median ${quantile(delays, 0.5)} ms, p95 ${p95} ms after its first possible 2xx`,
  );
  return atMost(300 + startMs / 10, {
    bench,
    metric: `first possible 2xx to traffic, p95, ${startMs / 1000} s start`,
    value: p95,
    unit: 'ms',
  });
}

/** Times in epoch ms. */
async function redeploy({ api, routerPort }: Subject) {
  const triggeredAt = Date.now();
  const number = await api.trigger();
  for (;;) {
    const seen = await askReadyAt(routerPort);
    const firstSeenAt = Date.now();
    if (Number(seen.version) === number) return { number, triggeredAt, firstSeenAt, readyAt: seen.readyAt };
    if (firstSeenAt - triggeredAt > limitMs) throw new Error(`#${number} got no traffic within ${limitMs} ms`);
    await sleep(pollMs);
  }
}

/** Which version answers now, and since when it could. */
async function askReadyAt(routerPort: number): Promise<{ version: string; readyAt: number }> {
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'bench.localhost' };
    const asked = request(
      { host: '127.0.0.1', port: routerPort, path: '/ready-at', headers, agent: false },
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
  return JSON.parse(text) as { version: string; readyAt: number };
}
