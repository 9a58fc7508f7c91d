/** Visitors as a process of their own, so that the clock they go by is not disturbed by what measures them. */
import { Agent, request } from 'node:http';
import type { FromChild } from './visitors.ts';
import type { Visit, VisitOptions } from './visit.ts';

const options = JSON.parse(process.argv[2] ?? '') as VisitOptions;
const tickMs = 5;
const tellMs = 100;
/** Idle connections are closed by us before the router does it: a reset is then never the fault of two timers that ran out together. */
const keepAlive = new Agent({ keepAlive: true, timeout: 4_000, scheduling: 'lifo' });
const cookies = new Map<number, string>();
const underWay = new Set<number>();
const startedAt = Date.now();
let visits: Visit[] = [];
let sent = 0;

const sending = setInterval(() => {
  for (;;) {
    const dueAt = startedAt + (sent * 1_000) / options.perSecond;
    if (dueAt > Date.now()) return;
    visit(sent, dueAt);
    sent += 1;
  }
}, tickMs);

const telling = setInterval(() => {
  // What is due in the same millisecond may not have been sent yet.
  const completeTo = Math.min(Date.now() - tickMs * 4, ...underWay);
  process.send?.({ visits, completeTo } satisfies FromChild);
  visits = [];
}, tellMs);

process.once('disconnect', () => {
  clearInterval(sending);
  clearInterval(telling);
  keepAlive.destroy();
});

function visit(n: number, dueAt: number): void {
  const path = pathOf(n);
  const keeper = Math.random() * 100 < options.keeping ? Math.floor(Math.random() * options.keepers) : null;
  const cookie = keeper === null ? undefined : cookies.get(keeper);
  underWay.add(dueAt);
  const end = (status: number, version: string | undefined) => {
    if (!underWay.delete(dueAt)) return;
    visits.push({ dueAt, endedAt: Date.now(), status, version: version === undefined ? null : Number(version), path });
  };
  const outgoing = request(
    {
      host: '127.0.0.1',
      port: options.port,
      path,
      // Without cookies, every other one comes for the first time.
      agent: keeper !== null || n % 2 === 0 ? keepAlive : false,
      headers: { host: options.host, ...(cookie === undefined ? {} : { cookie }) },
      signal: AbortSignal.timeout(options.timeoutMs),
    },
    (answer) => {
      const version = answer.headers['x-version'] as string | undefined;
      const [given] = answer.headers['set-cookie'] ?? [];
      if (keeper !== null && given !== undefined) cookies.set(keeper, given.split(';', 1)[0] ?? '');
      answer.on('error', () => end(0, version));
      answer.on('end', () => end(answer.statusCode ?? 0, version));
      answer.resume();
    },
  );
  outgoing.on('error', () => end(0, undefined));
  outgoing.end();
}

/** A fixed sequence that is spread evenly, so that two runs send the same. */
function pathOf(n: number): string {
  let point = (n * 61) % 100;
  const paths = Object.entries(options.paths);
  for (const [path, share] of paths) {
    if (point < share) return path;
    point -= share;
  }
  return paths[0]?.[0] ?? '/';
}
