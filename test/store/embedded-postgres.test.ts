import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { CutoverError } from '../../src/domain/errors.ts';
import { installedPackage } from '../../src/drivers/database/embedded/binaries.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/drivers/database/embedded/embedded-postgres.ts';

const isRoot = process.getuid?.() === 0;
const log = () => {};

async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp('/tmp/cutover-test-pg-');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function query(cluster: EmbeddedPostgres, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ ...cluster.address });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Runs a cluster's start in a process of its own, which prints the server's pid and then lives on. */
async function startElsewhere(dataDir: string): Promise<{ readonly child: ChildProcess; readonly pid: number }> {
  const module = new URL('../../src/drivers/database/embedded/embedded-postgres.ts', import.meta.url).href;
  const script = `const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const cluster = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log() {} });
    console.log(await cluster.pid());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(child.stdout !== null);
  const [chunk] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer];
  return { child, pid: Number(chunk.toString()) };
}

async function killGroup(child: ChildProcess): Promise<void> {
  assert.ok(child.pid !== undefined);
  const gone = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await gone;
}

async function socketInodes(pid: number): Promise<string[]> {
  const directory = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(directory)).map((fd) => readlink(join(directory, fd))));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** Inodes of sockets in a table of /proc/net, whose rows have the inode in this column. */
async function inodesIn(table: string, column: number): Promise<Set<string>> {
  const rows = (await readFile(`/proc/net/${table}`, 'utf8')).trim().split('\n').slice(1);
  return new Set(rows.map((row) => row.trim().split(/\s+/)[column] ?? ''));
}

function unavailable(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CutoverError);
    assert.equal(error.code, 'database_unavailable');
    assert.match(error.message, pattern);
    return true;
  };
}

describe('the embedded PostgreSQL', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let cluster: EmbeddedPostgres;
  before(async () => {
    directory = await temporaryDirectory();
    cluster = await startEmbeddedPostgres({ dataDir: directory.path, log });
    await query(cluster, 'create table kept (n integer)');
  });
  after(async () => {
    await cluster.stop();
    await directory[Symbol.asyncDispose]();
  });

  async function runningPid(): Promise<number> {
    const pid = await cluster.pid();
    assert.ok(pid !== null);
    return pid;
  }

  test('runs as an unprivileged user in a process group of its own', async () => {
    const pid = await runningPid();
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const [real, effective] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status)?.slice(1) ?? [];
    assert.notEqual(real, '0');
    assert.equal(real, effective);
    const processGroup = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[2];
    assert.equal(processGroup, String(pid));
  });

  test('listens on its Unix socket and on no TCP port', async () => {
    const sockets = await socketInodes(await runningPid());
    const [unix, tcp, tcp6] = await Promise.all([inodesIn('unix', 6), inodesIn('tcp', 9), inodesIn('tcp6', 9)]);
    assert.ok(sockets.some((inode) => unix.has(inode)));
    assert.ok(!sockets.some((inode) => tcp.has(inode) || tcp6.has(inode)));
  });

  test('is reachable by its user and root only', async () => {
    for (const path of [cluster.address.host, join(directory.path, 'postgres', 'data')]) {
      assert.equal((await stat(path)).mode & 0o077, 0, path);
    }
  });

  test('is durable: fsync and synchronous commits are on', async () => {
    assert.deepEqual(
      await query(cluster, `select current_setting('fsync') f, current_setting('synchronous_commit') s`),
      [{ f: 'on', s: 'on' }],
    );
  });

  test('comes back after kill -9 of its first process with everything that was committed, and starts once', async () => {
    const killed = await runningPid();
    await query(cluster, 'insert into kept values (1)');
    process.kill(killed, 'SIGKILL');
    await Promise.all([cluster.ensureRunning(), cluster.ensureRunning(), cluster.ensureRunning()]);
    assert.notEqual(await runningPid(), killed);
    assert.deepEqual(await query(cluster, 'select n from kept'), [{ n: 1 }]);
  });

  test('is attached to by another process, and lives on when that one is killed with its group', async () => {
    const pid = await runningPid();
    const { child, pid: seen } = await startElsewhere(directory.path);
    await killGroup(child);
    assert.equal(seen, pid);
    assert.equal(await runningPid(), pid);
    await query(cluster, 'select 1');
  });

  test('lives on when the process that started it is killed with its group', async () => {
    await cluster.stop();
    const { child, pid } = await startElsewhere(directory.path);
    await killGroup(child);
    await cluster.ensureRunning();
    assert.equal(await runningPid(), pid);
  });

  test('starts although the lock file names a living process that is somebody else', async () => {
    const stranger = spawn('/bin/sleep', ['60'], isRoot ? { uid: (await stat(cluster.address.host)).uid } : {});
    try {
      const lock = join(directory.path, 'postgres', 'data', 'postmaster.pid');
      process.kill(await runningPid(), 'SIGKILL');
      const lines = (await readFile(lock, 'utf8')).split('\n');
      await writeFile(lock, [stranger.pid, ...lines.slice(1)].join('\n'));
      assert.equal(await cluster.pid(), null);
      await cluster.ensureRunning();
      assert.notEqual(await runningPid(), stranger.pid);
      assert.equal(stranger.exitCode, null);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('stops when asked, says nothing when it is stopped already, and starts again with its data', async () => {
    await cluster.stop();
    assert.equal(await cluster.pid(), null);
    await cluster.stop();
    cluster = await startEmbeddedPostgres({ dataDir: directory.path, log });
    assert.deepEqual(await query(cluster, 'select n from kept'), [{ n: 1 }]);
  });

  test('keeps statements and their values out of its log', async () => {
    const marker = 'value-that-is-nobodys-business';
    await assert.rejects(query(cluster, `select '${marker}'::integer`));
    const logged = await readFile(join(directory.path, 'postgres', 'postgres.log'), 'utf8');
    assert.match(logged, /database system is ready/);
    assert.doesNotMatch(logged, new RegExp(marker));
  });

  test('refuses a data directory of another major version and says what to do', async () => {
    await cluster.stop();
    const versionFile = join(directory.path, 'postgres', 'data', 'PG_VERSION');
    const version = await readFile(versionFile, 'utf8');
    await writeFile(versionFile, '9\n');
    const start = startEmbeddedPostgres({ dataDir: directory.path, log });
    await assert.rejects(start, unavailable(/PostgreSQL 9.*DATABASE_URL/));
    await writeFile(versionFile, version);
    await cluster.ensureRunning();
  });

  test('says what the server said when it does not start', async () => {
    await using other = await temporaryDirectory();
    const start = startEmbeddedPostgres({ dataDir: other.path, log, settings: { shared_buffers: 'plenty' } });
    await assert.rejects(start, unavailable(/shared_buffers/));
  });
});

test('a data directory whose path is too long for a socket is refused', async () => {
  await using directory = await temporaryDirectory();
  const start = startEmbeddedPostgres({ dataDir: join(directory.path, 'x'.repeat(90)), log });
  await assert.rejects(start, unavailable(/too long/));
});

test('a data directory the user cannot reach is refused, and the obstacle is named', { skip: !isRoot }, async () => {
  await using directory = await temporaryDirectory();
  const start = startEmbeddedPostgres({ dataDir: join(directory.path, 'data'), log });
  await assert.rejects(start, (error) => unavailable(new RegExp(`cannot pass through ${directory.path}:`))(error));
});

test('binaries that cannot be used where they are, without their links, are copied and complete', async () => {
  await using hidden = await temporaryDirectory();
  await using directory = await temporaryDirectory();
  await cp(installedPackage(), hidden.path, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (source) => !(await lstat(source)).isSymbolicLink(),
  });
  const options = { dataDir: directory.path, log, packageDirectory: hidden.path };
  const cluster = await startEmbeddedPostgres(options);
  try {
    const executable = await readlink(`/proc/${await cluster.pid()}/exe`);
    assert.equal(executable, join(directory.path, 'postgres', cluster.version, 'native', 'bin', 'postgres'));
  } finally {
    await cluster.stop();
  }
});

test('a start that was cut off while the cluster was made leaves nothing in the way', async () => {
  await using directory = await temporaryDirectory();
  const partial = join(directory.path, 'postgres', 'data.partial');
  await mkdir(partial, { recursive: true });
  await writeFile(join(partial, 'PG_VERSION'), '18\n');
  const cluster = await startEmbeddedPostgres({ dataDir: directory.path, log });
  await cluster.stop();
});
