/**
 * Requests per second through Cutover's router with 1,000 environments, against HAProxy with one static backend: once with the same
 * rules, once with none. One HAProxy at a time carries load; rounds alternate, and the middle half of their ratios is averaged. HAProxy has one core, the
 * load generator and the upstream share the other.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stableOnly } from '../../src/domain/route.ts';
import { freePort, startHaproxy, until } from '../harness/haproxy.ts';
import { send } from '../harness/haproxy-app.ts';
import { atLeast, quantile, type Bench } from './figure.ts';

const environments = 1000;
const host = 'env500.localhost';
const options = 'pool-max-conn -1 pool-purge-delay 5s';
/** A round counts if all three had their core to themselves; else something other than HAProxy was measured. */
const leastBusy = 0.9;
const longestMs = 180_000;
const signal = () => AbortSignal.timeout(60_000);

export const run: Bench = async ({ quick, say }) => {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-test-bench-router-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  const upstream = await startUpstream(dir, stack);
  const routers = {
    ours: await startOurs(upstream, stack),
    same: await startStatic(dir, 'same', sameRules(upstream), stack),
    minimal: await startStatic(dir, 'minimal', minimalRules(upstream), stack),
  };
  const names = ['ours', 'same', 'minimal'] as const;
  const rounds: Record<keyof typeof routers, Sample>[] = [];
  for (const name of names) await measure(routers[name]);
  const began = performance.now();
  for (let round = 0; rounds.length < (quick ? 4 : 45) && performance.now() - began < longestMs; round += 1) {
    const result: Partial<Record<keyof typeof routers, Sample>> = {};
    // The order rotates, so that no router is always the one after another.
    for (const offset of [0, 1, 2]) {
      const name = names[(round + offset) % 3] ?? 'ours';
      result[name] = await measure(routers[name]);
    }
    const { ours, same, minimal } = result;
    if (ours === undefined || same === undefined || minimal === undefined) throw new Error('a round is incomplete');
    const counts = Math.min(ours.busy, same.busy, minimal.busy) >= leastBusy;
    if (counts) rounds.push({ ours, same, minimal });
    say(
      `round ${round + 1}: ours ${words(ours)}, same rules ${words(same)}, minimal ${words(minimal)}${counts ? '' : ': not counted'}`,
    );
  }
  if (rounds.length < 4)
    throw new Error(`the machine is too busy: only ${rounds.length} rounds in which HAProxy was the limit`);
  const ratio = (other: 'same' | 'minimal') =>
    middleMean(rounds.map((round) => round.ours.perSecond / round[other].perSecond));
  return [
    atLeast(0.95, {
      bench: 'router',
      metric: 'requests per second against the same rules',
      value: ratio('same'),
      unit: 'ratio',
    }),
    atLeast(0.78, {
      bench: 'router',
      metric: 'requests per second against minimal',
      value: ratio('minimal'),
      unit: 'ratio',
    }),
  ];
};

/** Of the middle half: no single round counts, and more rounds say more than with a median. */
function middleMean(values: readonly number[]): number {
  const [low, high] = [quantile(values, 0.25), quantile(values, 0.75)];
  const middle = values.filter((value) => value >= low && value <= high);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

interface Measured {
  readonly port: number;
  readonly pid: number;
}

interface Sample {
  readonly perSecond: number;
  /** Of HAProxy, for one request; and its part of its core: well below 1, something else was the limit. */
  readonly cpuMicroseconds: number;
  readonly busy: number;
}

function words({ perSecond, cpuMicroseconds, busy }: Sample): string {
  return `${Math.round(perSecond)}/s (${cpuMicroseconds.toFixed(1)} us, ${Math.round(busy * 100)} % busy)`;
}

async function measure({ port, pid }: Measured): Promise<Sample> {
  const [cpuBefore, began] = [await cpuSeconds(pid), performance.now()];
  const perSecond = await requestsPerSecond(port, 1);
  const seconds = (performance.now() - began) / 1000;
  const cpu = (await cpuSeconds(pid)) - cpuBefore;
  return { perSecond, cpuMicroseconds: (cpu / perSecond) * 1e6, busy: cpu / seconds };
}

/** User and system time; the kernel counts in hundredths. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const columns = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(columns[11]) + Number(columns[12])) / 100;
}

async function startOurs(upstream: number, stack: AsyncDisposableStack): Promise<Measured> {
  const running = stack.use(await startHaproxy({ initialSlots: environments, threads: 1, haproxyBin: 'haproxy' }));
  const slots = Array.from({ length: environments }, (_, index) => index + 1);
  const server = {
    kind: 'instance',
    name: 'i1',
    address: '127.0.0.1',
    port: upstream,
    redundancy: 'one-of-many',
  } as const;
  const other = { ...server, redundancy: 'alone' } as const;
  await Promise.all(slots.map((slot) => running.router.addServer(slot, slot === 500 ? server : other, signal())));
  await Promise.all(slots.map((slot) => running.router.setRoute([`env${slot}.localhost`], stableOnly(slot), signal())));
  await pin(await running.pid('worker'), 0);
  await until('it serves', async () => (await send(running.port, host)).status === 200);
  return { port: running.port, pid: await running.pid('worker') };
}

/** An nginx that answers with 1 KB, so that the app is not what is measured. */
async function startUpstream(dir: string, stack: AsyncDisposableStack): Promise<number> {
  const port = await freePort();
  await mkdir(join(dir, 'nginx'));
  const config = `daemon off; worker_processes 1; pid ${dir}/nginx/pid; error_log stderr;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 10000000; keepalive_timeout 600s; server { listen 127.0.0.1:${port} backlog=4096; return 200 "${'x'.repeat(1024)}"; } }`;
  await writeFile(join(dir, 'nginx.conf'), config);
  stack.use(program('taskset', ['-c', '1', 'nginx', '-p', dir, '-c', join(dir, 'nginx.conf')]));
  await until('nginx answers', () =>
    send(port, host).then(
      () => true,
      () => false,
    ),
  );
  return port;
}

async function startStatic(
  dir: string,
  name: string,
  rules: { front: string; back: string },
  stack: AsyncDisposableStack,
): Promise<Measured> {
  const port = await freePort();
  const config = `global
  nbthread 1
  fd-hard-limit 50000
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
frontend web
  bind 127.0.0.1:${port}
${rules.front}
  default_backend app
backend app
${rules.back}
`;
  const file = join(dir, `${name}.cfg`);
  await writeFile(file, config);
  await writeFile(join(dir, 'hosts.map'), `${host} app\n`);
  const { child } = stack.use(program('taskset', ['-c', '0', 'haproxy', '-db', '-f', file]));
  await until(`${name} answers`, () =>
    send(port, host).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return { port, pid: child.pid ?? 0 };
}

/** Retries, forwarded headers and host rules as in our configuration; one backend, known in advance. */
function sameRules(upstream: number): { front: string; back: string } {
  return {
    front: `  option forwardfor
  option idle-close-on-response
  http-request deny deny_status 400 if !{ req.hdr_cnt(host) eq 1 }
  http-request deny deny_status 400 if { req.hdrs -m reg '\\x00' }
  http-request del-header '^(x-forwarded-|forwarded$|x-cutover-)' -m reg
  http-request del-header upgrade if { req.fhdr(upgrade) -m sub -i h2c }
  http-request add-header X-Forwarded-Proto http
  http-request add-header X-Forwarded-Host %[req.hdr(host)]
  http-request deny deny_status 404 if !{ req.hdr(host),field(1,:),lower -m str ${host} }`,
    back: `  balance roundrobin
  http-reuse safe
  retries 12
  option redispatch 1
  retry-on conn-failure empty-response
  http-request disable-l7-retry if !{ method GET HEAD OPTIONS PUT DELETE }
  server i1 127.0.0.1:${upstream} check inter 1s ${options}`,
  };
}

function minimalRules(upstream: number): { front: string; back: string } {
  return { front: '', back: `  server i1 127.0.0.1:${upstream} ${options}` };
}

async function requestsPerSecond(port: number, seconds: number): Promise<number> {
  const args = [
    '-c',
    '1',
    'wrk',
    '-t1',
    '-c64',
    `-d${seconds}s`,
    '-H',
    `Host: ${host}`,
    ...browserHeaders,
    `http://127.0.0.1:${port}/`,
  ];
  const { stdout } = await promisify(execFile)('taskset', args, { timeout: 30_000 });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`the load was not answered well: ${stdout}`);
  const value = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (value === undefined) throw new Error(`wrk says: ${stdout}`);
  return Number(value);
}

const browserHeaders = [
  'Accept: text/html,application/xhtml+xml',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-GB,en;q=0.9',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
].flatMap((header) => ['-H', header]);

async function pin(pid: number, core: number): Promise<void> {
  await promisify(execFile)('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

function program(file: string, args: readonly string[]): AsyncDisposable & { readonly child: ChildProcess } {
  const child = spawn(file, args, { stdio: 'ignore' });
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      if (child.kill('SIGTERM')) await gone;
    },
  };
}
