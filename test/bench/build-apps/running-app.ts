import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { request, type RequestOptions } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDockerRuntime } from '../../../src/drivers/runtime/docker/docker-runtime.ts';
import { createNginxStaticFiles } from '../../../src/drivers/static/nginx/nginx-static-files.ts';
import { benchInstance } from '../bench-instance.ts';
import { builder, lastWords, socketPath, type AppBuild } from './app-builds.ts';

/** An app that answers. */
export interface RunningApp extends AsyncDisposable {
  /** From the start to the first 2xx. */
  readonly startMs: number;
  /** Of a bundle of files; null for an image. */
  readonly bundleBytes: number | null;
  get(path: string): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const answerLimitMs = 60_000;
const silent = { info: () => {}, warn: () => {}, error: () => {} };
const signal = new AbortController().signal;
const runtime = createDockerRuntime({
  socketPath,
  platformId: 'test-bench-build-apps',
  networkPool: '10.216.0.0/16',
  log: silent,
});

/** Starts what was built as the platform would, and waits for the first 2xx of the page. Errors: with the app's last words. */
export function startApp(build: AppBuild, checkout: string, page: string): Promise<RunningApp> {
  return build.plan.output.type === 'image' ? startContainer(build, page) : startFiles(build, checkout, page);
}

/** With the limits and the private network that an instance has where nothing is set. */
async function startContainer({ image }: AppBuild, page: string): Promise<RunningApp> {
  const instanceId = randomUUID();
  await runtime.ensureNetwork('bench', signal);
  const stop = async () => {
    await runtime.stop(instanceId, 0, signal);
    await runtime.removeNetwork('bench', signal);
  };
  const startedAt = performance.now();
  try {
    const spec = benchInstance({ instanceId, project: 'bench', imageId: image?.imageId ?? '' });
    const { address } = await runtime.start(spec, signal);
    const get = (path: string) => ask({ host: address ?? '', port: 3000 }, path);
    const died = async () => (await runtime.status(instanceId, signal))?.running === false;
    const startMs = await firstAnswer(() => get(page), startedAt, died);
    return { startMs, bundleBytes: null, get, [Symbol.asyncDispose]: stop };
  } catch (error) {
    const words = await lastWords(`cutover.instance=${instanceId}`);
    await stop();
    throw new Error(`${String(error)}; its last words:\n${words}`, { cause: error });
  }
}

/** By the platform's web server for files, which runs already; the time is that of putting them there. */
async function startFiles({ plan, image }: AppBuild, checkout: string, page: string): Promise<RunningApp> {
  const root = await mkdtemp(join(tmpdir(), 'cutover-bench-files-'));
  await chmod(root, 0o755);
  const files = await createNginxStaticFiles({
    dir: join(root, 'static'),
    nginxBin: '/usr/sbin/nginx',
    supervisePath: resolve(import.meta.dirname, '../../../bin/supervise'),
    socketPath: join(root, 'nginx.sock'),
    log: silent,
  });
  const stop = async () => {
    await files.stop(signal);
    await rm(root, { recursive: true, force: true });
  };
  try {
    await files.ensureRunning(signal);
    const startedAt = performance.now();
    const { output } = plan;
    const stored =
      output.type === 'image-files'
        ? await files.putTar(await builder.exportFiles(image?.imageId ?? '', output.path, signal), signal)
        : await files.putDirectory(join(checkout, output.type === 'checkout-files' ? output.directory : ''), signal);
    const headers = {
      'x-cutover-bundle': stored.bundle,
      ...(output.type !== 'image' && output.spa ? { 'x-cutover-spa': '1' } : {}),
    };
    const get = (path: string) => ask({ socketPath: join(root, 'nginx.sock'), headers }, path);
    const startMs = await firstAnswer(
      () => get(page),
      startedAt,
      () => Promise.resolve(false),
    );
    return { startMs, bundleBytes: stored.sizeBytes, get, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function firstAnswer(get: () => Promise<Answer>, since: number, died: () => Promise<boolean>): Promise<number> {
  for (let last = 'nothing'; ; await sleep(5)) {
    const answer = await get().catch((error: unknown) => String(error));
    if (typeof answer !== 'string' && answer.status >= 200 && answer.status < 300) return performance.now() - since;
    last = typeof answer === 'string' ? answer : `${answer.status} ${answer.body.slice(0, 300)}`;
    if (await died()) throw new Error(`the app exited; last answer: ${last}`);
    if (performance.now() - since > answerLimitMs) throw new Error(`no 2xx within 60 s; last answer: ${last}`);
  }
}

type Where = Pick<RequestOptions, 'host' | 'port' | 'socketPath' | 'headers'>;

function ask(where: Where, path: string): Promise<Answer> {
  const { promise, resolve: resolveAnswer, reject } = Promise.withResolvers<Answer>();
  const headers = { host: 'app.localhost', accept: 'text/html,*/*', ...(where.headers as Record<string, string>) };
  const sent = request({ ...where, path, headers, agent: false, timeout: 20_000 }, (response) => {
    response
      .toArray()
      .then(
        (chunks) =>
          resolveAnswer({ status: response.statusCode ?? 0, body: Buffer.concat(chunks as Buffer[]).toString('utf8') }),
        reject,
      );
  });
  sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s'))).on('error', reject);
  sent.end();
  return promise;
}
