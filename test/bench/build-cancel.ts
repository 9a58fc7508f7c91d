import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { createBuildKitBuilder } from '../../src/drivers/build/buildkit/builder.ts';
import type { BuildRequest } from '../../src/engine/ports/builder.ts';
import { dockerSocket } from '../harness/images.ts';
import { atMost, type Bench } from './figure.ts';

const bench = 'build';
const limitMs = 5_000;

interface Cancelled {
  /** From the abort until no process of the build is left. */
  readonly processMs: number;
  /** Containers, images, connections and directories that are left. */
  readonly left: number;
}

/** Builds that are cancelled at moments spread over all their steps: how long their processes live on, and what is left. */
export const measureCancel: Bench = async ({ quick, say }) => {
  const wholeMs = await build(0, null).then(({ tookMs }) => tookMs);
  const rounds = quick ? 6 : 20;
  const cancelled: Cancelled[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const { cancelledBuild } = await build(round, (wholeMs * round) / (rounds + 1));
    if (cancelledBuild !== null) cancelled.push(cancelledBuild);
  }
  say(`${cancelled.length} of ${rounds} builds of ${Math.round(wholeMs)} ms were cancelled while they ran`);
  const worst = Math.max(...cancelled.map(({ processMs }) => processMs)) / 1_000;
  const left = cancelled.reduce((sum, one) => sum + one.left, 0);
  return [
    atMost(0.5, { bench, metric: 'cancel: until the last process is gone, worst', value: worst, unit: 's' }),
    atMost(0, { bench, metric: 'cancel: what is left behind', value: left, unit: 'things' }),
  ];
};

/** Two stages side by side and a third one; each step says in its arguments whose it is. */
function dockerfile(mark: string): string {
  const work = (name: string) => `RUN sh -c 'sleep 0.4; head -c 3000000 /dev/zero > /${name}' ${mark}`;
  return [
    'FROM node:24-slim AS one',
    work('a'),
    'FROM node:24-slim AS two',
    `RUN --mount=type=secret,id=TOKEN node -e "setTimeout(() => {}, 700)" ${mark}`,
    work('b'),
    'FROM node:24-slim',
    'COPY --from=one /a /a',
    'COPY --from=two /b /b',
    work('c'),
  ].join('\n');
}

async function build(round: number, abortAfterMs: number | null) {
  const mark = `mark-${randomUUID()}`;
  const contextPath = await mkdtemp('/tmp/cutover-bench-cancel-');
  const controller = new AbortController();
  const connectionsBefore = connections();
  const startedAt = performance.now();
  try {
    const building = createBuildKitBuilder({ socketPath: dockerSocket })
      .build(request(mark, contextPath), () => undefined, controller.signal)
      .then(
        ({ imageId }) => imageId,
        () => null,
      );
    if (abortAfterMs === null) await building;
    else await Promise.race([building, sleep(abortAfterMs)]);
    const abortedAt = performance.now();
    controller.abort(new Error(`round ${round}`));
    const gone = untilGone(mark).then(() => performance.now() - abortedAt);
    const imageId = await building;
    if (imageId !== null) {
      await docker.getImage(imageId).remove({ force: true });
      return { tookMs: abortedAt - startedAt, cancelledBuild: null };
    }
    const processMs = await gone;
    const left = (await leftBehind(mark)) + Math.max(0, connections() - connectionsBefore);
    return { tookMs: abortedAt - startedAt, cancelledBuild: { processMs, left } };
  } finally {
    await rm(contextPath, { recursive: true, force: true });
  }
}

const docker = new Docker({ socketPath: dockerSocket });

function request(mark: string, contextPath: string): BuildRequest {
  return {
    deploymentId: mark,
    contextPath,
    plan: {
      preset: 'dockerfile',
      explanation: [],
      dockerfile: dockerfile(mark),
      target: null,
      baseImages: [],
      buildArgs: {},
      output: { type: 'image' },
    },
    tag: `cutover-bench-cancel:${mark}`,
    labels: { 'cutover.bench.cancel': mark },
    noCache: false,
    secrets: [{ name: 'TOKEN', value: 'a-secret-of-the-bench', fingerprint: mark }],
    cacheScope: mark,
    timeoutMs: 60_000,
  };
}

async function untilGone(mark: string): Promise<void> {
  for (const deadline = performance.now() + limitMs; await isRunning(mark); await sleep(5))
    if (performance.now() > deadline) throw new Error('a process of a cancelled build does not end');
}

/** Any process of the machine that has the mark among its arguments. */
async function isRunning(mark: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.some((command) => command.includes(mark));
}

async function leftBehind(mark: string): Promise<number> {
  const label = [`cutover.bench.cancel=${mark}`];
  const images = await docker.listImages({ filters: { label } });
  const tagged = await docker.listImages({ filters: { reference: [`cutover-bench-cancel:${mark}`] } });
  const containers = await docker.listContainers({ all: true, filters: { label } });
  return images.length + tagged.length + containers.length;
}

/** To the engine: those of builds and sessions are for one build each. */
function connections(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length;
}
