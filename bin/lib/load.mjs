/**
 * A small open-loop load for the quickstart: `node bin/lib/load.mjs <port> <host> <requests per second> <file>`.
 * Every request is sent once, by the clock, and counted. SIGTERM ends it; then `<file>` holds {"total","failed","firstFailure"}.
 * The file is there from the first good answer on.
 */
import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';

const [port, host, rate, file] = process.argv.slice(2);
const timeoutMs = 10_000;
// Idle connections are closed by us, long before the server would.
const agent = new Agent({ keepAlive: true, timeout: 4_000, scheduling: 'lifo' });
const counted = { total: 0, failed: 0, firstFailure: null };
const underWay = new Set();
const startedAt = performance.now();
let sent = 0;

const timer = setInterval(() => {
  while (startedAt + (sent * 1000) / Number(rate) <= performance.now()) {
    // Every fourth request comes on a connection of its own.
    const one = send(sent++ % 4 === 0 ? false : agent).then(count);
    underWay.add(one);
    void one.finally(() => underWay.delete(one));
  }
}, 5);

process.once('SIGTERM', () => void finish());

async function finish() {
  clearInterval(timer);
  await Promise.all(underWay);
  agent.destroy();
  report();
}

/** Resolves to what went wrong, or null. */
function send(connections) {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/', headers: { host }, agent: connections };
    const request = get({ ...options, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => resolve(response.statusCode < 400 ? null : `status ${response.statusCode}`));
      response.resume();
    });
    request.on('error', (error) => resolve(error.message));
  });
}

function count(failure) {
  counted.total += 1;
  if (failure !== null) {
    counted.failed += 1;
    counted.firstFailure ??= failure;
  } else if (counted.total - counted.failed === 1) report();
}

function report() {
  writeFileSync(file, JSON.stringify(counted));
}
