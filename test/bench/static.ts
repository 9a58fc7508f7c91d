/**
 * Throughput of bundles through Cutover's router, against a bare nginx behind the same router, with the same files. One of the two at a time
 * is asked; rounds alternate, and medians of the rounds' ratios are compared.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stableOnly } from '../../src/domain/route.ts';
import { setUp } from '../conformance/static-files-set-up.ts';
import { freePort, startHaproxy, until } from '../harness/haproxy.ts';
import { send } from '../harness/haproxy-app.ts';
import { atLeast, quantile, reported, type Bench, type Figure } from './figure.ts';

const execute = promisify(execFile);
const signal = () => AbortSignal.timeout(60_000);
const hosts = { ours: 'bundle.localhost', bare: 'bare.localhost' };
type Side = keyof typeof hosts;

/** What sites are made of: a page, a style sheet, a script, a picture. */
const files = {
  'index.html': 2_000,
  'assets/style-1a2b3c4d.css': 20_000,
  'assets/app-5e6f7a8b.js': 150_000,
  'hero.png': 1_000_000,
};

export const run: Bench = async ({ quick, say }) => {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await setUp());
  const site = join(store.root, 'site');
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(site, name, '..'), { recursive: true });
    await writeFile(join(site, name), randomBytes(bytes / 2).toString('hex'));
  }
  const { bundle } = await store.files.putDirectory(site, signal());
  await store.files.ensureRunning(signal());
  const { router, port } = stack.use(await startHaproxy({ staticEndpoint: `unix@${store.options.socketPath}` }));
  const barePort = await startBare(store.root, site, stack);
  await router.addServer(1, { kind: 'static', name: 'static', bundle, spa: false }, signal());
  // As one of several it keeps its connections, as the static server does.
  const redundancy = 'one-of-many' as const;
  const bare = { kind: 'instance', name: 'i1', address: '127.0.0.1', port: barePort, redundancy } as const;
  await router.addServer(2, bare, signal());
  await router.setRoute([hosts.ours], stableOnly(1), signal());
  await router.setRoute([hosts.bare], stableOnly(2), signal());
  for (const host of Object.values(hosts))
    await until(`${host} answers`, async () => (await send(port, host)).status === 200);
  const figures: Figure[] = [];
  const ratios: number[] = [];
  for (const name of Object.keys(files)) {
    const rounds: Record<Side, number>[] = [];
    for (const side of ['ours', 'bare'] as const) await perSecond(port, side, name, 1);
    for (let round = 0; round < (quick ? 6 : 16); round += 1) rounds.push(await measure(port, name, round));
    const ratio = quantile(
      rounds.map(({ ours, bare: other }) => ours / other),
      0.5,
    );
    ratios.push(ratio);
    const median = (side: Side) =>
      Math.round(
        quantile(
          rounds.map((one) => one[side]),
          0.5,
        ),
      );
    say(`${name}: bundle ${median('ours')}/s, bare nginx ${median('bare')}/s, ratio ${ratio.toFixed(3)}`);
    figures.push(
      reported({ bench: 'static', metric: `requests per second, ${name}`, value: median('ours'), unit: '1/s' }),
    );
  }
  const metric = 'throughput against a bare nginx behind the same router, worst of four files';
  return [atLeast(0.9, { bench: 'static', metric, value: Math.min(...ratios), unit: 'ratio' }), ...figures];
};

/** Which comes first alternates. */
async function measure(port: number, name: string, round: number): Promise<Record<Side, number>> {
  const result = { ours: 0, bare: 0 };
  const order: readonly Side[] = round % 2 === 0 ? ['ours', 'bare'] : ['bare', 'ours'];
  for (const side of order) result[side] = await perSecond(port, side, name, 1);
  return result;
}

async function perSecond(port: number, side: Side, name: string, seconds: number): Promise<number> {
  const url = `http://127.0.0.1:${port}/${name}`;
  const options = ['-t1', '-c16', `-d${seconds}s`, '-H', `Host: ${hosts[side]}`];
  const { stdout } = await execute('wrk', [...options, url], { timeout: 60_000 });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`not every answer was a good one:\n${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

/** As somebody sets it up who wants the files served and nothing else. */
async function startBare(root: string, site: string, stack: AsyncDisposableStack): Promise<number> {
  const port = await freePort();
  const config = join(root, 'bare.conf');
  await writeFile(
    config,
    `daemon off; worker_processes 1; pid ${root}/bare.pid; error_log stderr; user root;
events { worker_connections 4096; }
http {
  include /etc/nginx/mime.types; access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  server { listen 127.0.0.1:${port} backlog=4096; root ${site}; }
}`,
  );
  const nginx = spawn('/usr/sbin/nginx', ['-p', root, '-c', config], { stdio: 'ignore' });
  const exited = once(nginx, 'exit');
  stack.defer(async () => {
    nginx.kill('SIGTERM');
    await exited;
  });
  await until('the bare nginx answers', () =>
    send(port, hosts.bare).then(
      () => true,
      () => false,
    ),
  );
  return port;
}
