import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import type { Binaries } from './binaries.ts';
import { give, type Layout } from './layout.ts';
import { spawnOptions } from './spawn-options.ts';

export const superuser = 'cutover';

const initdbArguments = [
  `--username=${superuser}`,
  '--encoding=UTF8',
  '--locale=C',
  '--auth-local=trust',
  '--auth-host=reject',
  '--no-instructions',
];
const initdbTimeoutMs = 60_000;

/** Makes the cluster if there is none; refuses one of another major version. A crash in between leaves none. */
export async function initialiseCluster(binaries: Binaries, layout: Layout): Promise<void> {
  const major = await clusterVersion(layout.data);
  if (major === null) return createCluster(binaries, layout);
  if (major === binaries.major) return;
  throw new CutoverError(
    'database_unavailable',
    `${layout.data} was made by PostgreSQL ${major}, and this version of Cutover brings ${binaries.major}: ` +
      'dump it with the version that made it and load it again, or set DATABASE_URL',
  );
}

async function clusterVersion(data: string): Promise<string | null> {
  try {
    return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function createCluster(binaries: Binaries, layout: Layout): Promise<void> {
  const partial = `${layout.data}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  await give(partial, layout.user);
  await runInitdb(binaries, layout, partial);
  // Nobody but the cluster's user and root can reach the socket, so there is nothing left to ask of who does.
  await writeFile(join(partial, 'pg_hba.conf'), 'local all all trust\n');
  await rename(partial, layout.data);
}

async function runInitdb(binaries: Binaries, layout: Layout, data: string): Promise<void> {
  const child = spawn(binaries.initdb, [...initdbArguments, `--pgdata=${data}`], {
    ...spawnOptions(layout),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: initdbTimeoutMs,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = Promise.withResolvers<number | null>();
  child.on('error', ended.reject);
  child.on('close', ended.resolve);
  const code = await ended.promise;
  if (code === 0) return;
  const tail = output.trimEnd().split('\n').slice(-5).join('\n');
  throw new CutoverError('database_unavailable', `initdb failed (${code ?? 'killed'}): ${tail}`);
}
