import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHaproxyRouter, type HaproxyRouter } from '../../src/drivers/router/haproxy/haproxy-router.ts';
import type { HaproxyRouterOptions } from '../../src/drivers/router/haproxy/options.ts';

/** A router of its own in a directory of its own, ended and removed at disposal. */
export interface RunningRouter extends AsyncDisposable {
  readonly router: HaproxyRouter;
  readonly port: number;
  readonly dir: string;
  /** Another object for the same router, as a control plane makes it after its restart. */
  reopen(): Promise<HaproxyRouter>;
  /** `master` or the current `worker`: for killing. */
  pid(which: 'master' | 'worker'): Promise<number>;
}

export async function startHaproxy(change: Partial<HaproxyRouterOptions> = {}): Promise<RunningRouter> {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-test-router-'));
  const port = await freePort();
  const options: HaproxyRouterOptions = {
    dir,
    haproxyBin: 'haproxy',
    supervisePath: join(import.meta.dirname, '../../bin/supervise'),
    binds: [`127.0.0.1:${port}`],
    staticEndpoint: `unix@${join(dir, 'static.sock')}`,
    initialSlots: 20,
    ...change,
  };
  const router = await createHaproxyRouter(options);
  const dispose = async () => {
    await router.stop(AbortSignal.timeout(15_000));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await router.ensureRunning(AbortSignal.timeout(15_000));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    router,
    port,
    dir,
    reopen: () => createHaproxyRouter(options),
    pid: async (which) => {
      if (which === 'worker') return (await router.ping(AbortSignal.timeout(2_000))).pid;
      return Number((await readFile(join(dir, 'router.pid.child'), 'utf8')).split(' ')[0]);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Polls until the check holds. */
export async function until(what: string, check: () => Promise<boolean> | boolean, limitMs = 5_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`after ${limitMs} ms still not: ${what}`);
    await sleep(10);
  }
}
