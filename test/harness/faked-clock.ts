import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestPlatform } from './platform.ts';

/** How long a process may go by what it last read. */
const cacheSeconds = 1;
const stopLimitMs = 10_000;

export interface FakedClock {
  /** From now on everybody's clock is so far from the real one; time that only goes forward is not touched. Resolves when they know. */
  set(offsetSeconds: number): Promise<void>;
}

/** The library of the Debian package `libfaketime`; null where it is not installed. */
export async function fakeTimeLibrary(): Promise<string | null> {
  const places = (await readdir('/usr/lib')).map((name) => join('/usr/lib', name, 'faketime', 'libfaketimeMT.so.1'));
  return places.find((path) => existsSync(path)) ?? null;
}

/** Starts the control plane and PostgreSQL of the platform again, on a clock that can be set; HAProxy, nginx and Docker keep theirs. */
export async function fakeClockOf(platform: TestPlatform, library: string): Promise<FakedClock & AsyncDisposable> {
  const dir = await mkdtemp('/tmp/cutover-test-clock-');
  const file = join(dir, 'offset');
  const set = async (offsetSeconds: number) => {
    await writeFile(file, `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}\n`, { mode: 0o644 });
    await sleep((cacheSeconds + 0.2) * 1_000);
  };
  await writeFile(file, '+0\n');
  // PostgreSQL has a user of its own.
  await chmod(dir, 0o755);
  const variables = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: String(cacheSeconds),
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  await platform.stopControlPlane();
  await restartPostgres(join(platform.dataDir, 'postgres', 'data', 'postmaster.pid'), variables);
  await within(variables, () => platform.startControlPlane());
  return { set, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}

/** With the same command line, as the same user. */
async function restartPostgres(lockFile: string, variables: Record<string, string>): Promise<void> {
  const pid = Number((await readFile(lockFile, 'utf8')).split('\n')[0]);
  const [program = '', ...args] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const idOf = (kind: string) => Number(new RegExp(`^${kind}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  process.kill(pid, 'SIGINT');
  const deadline = performance.now() + stopLimitMs;
  while (existsSync(lockFile)) {
    if (performance.now() > deadline) throw new Error('PostgreSQL does not stop');
    await sleep(20);
  }
  const child = spawn(program, args, {
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', ...variables },
    cwd: '/',
    uid: idOf('Uid'),
    gid: idOf('Gid'),
    detached: true,
    stdio: 'ignore',
  });
  await once(child, 'spawn');
  child.unref();
}

/** For what is started with our own environment. */
async function within(variables: Record<string, string>, start: () => Promise<void>): Promise<void> {
  const earlier = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await start();
  } finally {
    for (const [name, value] of earlier)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}
