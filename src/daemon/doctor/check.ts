import type { DoctorReport } from '../../contract/schemas/system.ts';

export type Check = DoctorReport['checks'][number];

/** Oldest versions that work, as numbers from left to right. */
const oldest: Readonly<Record<string, readonly number[]>> = {
  node: [24],
  docker: [20, 10],
  haproxy: [2, 6],
  git: [2, 30],
  postgresql: [15],
};

const fixes: Readonly<Record<string, string>> = {
  node: 'Node 24 or later is needed; `npm ci` brings it.',
  docker:
    'Start Docker Engine 20.10 or later (`apt-get install docker.io`, then `dockerd`), and run as a user who may use its socket.',
  haproxy: 'Install HAProxy 2.6 or later (`apt-get install haproxy`), or name another with CUTOVER_HAPROXY.',
  nginx: 'Install nginx (`apt-get install nginx-light`), or name another with CUTOVER_NGINX.',
  git: 'Install Git 2.30 or later (`apt-get install git`).',
  postgresql:
    'Install the optional npm packages (`npm ci`), or correct DATABASE_URL; of our own, postgres/postgres.log in the data directory tells more.',
};

export function failed(name: string, found: string): Check {
  return { name, status: 'failed', found, fix: fixes[name] ?? null };
}

/** Well, unless what it says of itself holds a version that is too old. */
export function versioned(name: string, found: string): Check {
  const version = /\d+(\.\d+)*/.exec(found)?.[0];
  const needed = oldest[name];
  if (version === undefined || needed === undefined || isAtLeast(version, needed))
    return { name, status: 'ok', found, fix: null };
  return failed(name, `${found}: older than ${needed.join('.')}`);
}

function isAtLeast(version: string, needed: readonly number[]): boolean {
  const numbers = version.split('.').map(Number);
  for (const [i, least] of needed.entries()) {
    const number = numbers[i] ?? 0;
    if (number !== least) return number > least;
  }
  return true;
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
