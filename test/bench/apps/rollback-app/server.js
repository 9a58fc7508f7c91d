/**
 * The app that `bin/bench rollback` deploys, good and bad: `fault.json` beside it says what is wrong with a version. Every answer names
 * the version in `x-version`. GET /health is healthy whatever the fault is, except that it asks the dependency as well. SIGTERM ends it
 * at once.
 *
 *     share         0 to 1: so many requests are answered with 500
 *     path          only those for this path
 *     leakAfterMs   nothing fails until so long after the start; then the share grows to 1 within 30 s
 *     crashAfterMs  it exits so long after its first request; a list: the n-th start takes the n-th of them, later ones the last
 *     startDelayMs  it takes so long to listen
 *     workMs        every request takes so long
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, get } from 'node:http';

const fault = JSON.parse(readFileSync(new URL('fault.json', import.meta.url), 'utf8'));
const version = process.env.CUTOVER_DEPLOYMENT ?? '0';
const dependency = process.env.DEPENDENCY ?? '';
const leakGrowsMs = 30_000;
const startedAt = performance.now();
let inFlight = 0;
let crashing = false;

const server = createServer((request, response) => void serve(request, response));

async function serve(request, response) {
  const { pathname } = new URL(request.url ?? '/', 'http://app');
  if (pathname !== '/health') crashLater();
  inFlight += 1;
  response.on('close', () => (inFlight -= 1));
  const well = await isDependencyWell();
  if (fault.workMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.workMs));
  const failed = !well || (pathname !== '/health' && fails(pathname));
  const body = failed ? 'broken\n' : `${pathname} of version ${version}\n`;
  response.writeHead(failed ? 500 : 200, {
    'content-type': 'text/html',
    'content-length': Buffer.byteLength(body),
    'x-version': version,
  });
  response.end(body);
}

function fails(pathname) {
  if (fault.path !== undefined && fault.path !== pathname) return false;
  if (fault.leakAfterMs !== undefined) {
    return Math.random() < (performance.now() - startedAt - fault.leakAfterMs) / leakGrowsMs;
  }
  return Math.random() < (fault.share ?? 0);
}

function isDependencyWell() {
  if (dependency === '') return true;
  return new Promise((resolve) => {
    const asked = get(dependency, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
  });
}

function crashLater() {
  if (fault.crashAfterMs === undefined || crashing) return;
  crashing = true;
  setTimeout(() => {
    writeSync(1, `crashes at ${Date.now()} with ${inFlight} in flight\n`);
    process.exit(3);
  }, crashDelayMs());
}

/** A container keeps its files when it is started again. */
function crashDelayMs() {
  const delays = [fault.crashAfterMs].flat();
  return delays[Math.min(starts(), delays.length) - 1];
}

function starts() {
  const file = '/tmp/starts';
  let count = 0;
  try {
    count = Number(readFileSync(file, 'utf8'));
  } catch {
    // The first start.
  }
  writeFileSync(file, String(count + 1));
  return count + 1;
}

process.on('SIGTERM', () => process.exit(0));
setTimeout(() => server.listen(Number(process.env.PORT ?? 3000), '0.0.0.0'), fault.startDelayMs ?? 0);
