import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Docker from 'dockerode';
import { buildBaseImages } from '../../../src/drivers/images/base-images.ts';
import { statusEntry } from '../../../src/drivers/images/debian-packages.ts';
import { recipeHash, recipesFor } from '../../../src/drivers/images/recipe.ts';
import { linkApplets } from '../../../src/drivers/images/root-filesystem.ts';
import { runTool, pipeTools } from '../../../src/drivers/images/run-tool.ts';
import { baseImage, dockerSocket } from '../../harness/images.ts';

const docker = new Docker({ socketPath: dockerSocket });

async function temporary(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'cutover-test-images-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('a base image that exists with the same recipe is not built again', async () => {
  const imageId = await baseImage('static');
  await using work = await temporary();
  const [result] = await buildBaseImages({
    socketPath: dockerSocket,
    which: ['static'],
    nodeMajors: [],
    temporaryDirectory: work.path,
    onLine: () => {},
    signal: AbortSignal.timeout(60_000),
  });
  assert.equal(result?.built, false);
  assert.equal(result?.imageId, imageId);
});

test('the Node image runs programs as root and as an ordinary user, and knows the machine’s certificates', async () => {
  const imageId = await baseImage('node');
  const script = `
    const fs = require('node:fs');
    fs.writeFileSync('/tmp/written', 'x');
    const npm = require('node:child_process').execFileSync('npm', ['--version']).toString().trim();
    console.log('seen', JSON.stringify({ major: process.version.split('.')[0], uid: process.getuid(), npm: /^\\d+\\./.test(npm), zone: new Date(0).toString() }));`;
  for (const user of ['root', 'node']) {
    const { uid, ...seen } = JSON.parse(
      (await outputOf({ Image: imageId, User: user, Env: ['TZ=Asia/Tokyo'], Cmd: ['node', '-e', script] })).replace(
        'seen',
        '',
      ),
    ) as Record<string, unknown>;
    assert.equal(uid, user === 'root' ? 0 : 1000);
    assert.deepEqual({ ...seen, zone: null }, { major: 'v24', npm: true, zone: null });
    assert.match(String(seen['zone']), /GMT\+0900/);
  }
  const { Config: config } = await docker.getImage(imageId).inspect();
  assert.ok(config.Env?.some((variable) => variable.startsWith('NODE_EXTRA_CA_CERTS=')));
});

test('the images name the packages they are made of, for scanners', async () => {
  const status = await outputOf({ Image: await baseImage('run'), Cmd: ['cat', '/var/lib/dpkg/status'] });
  const packages = [...status.matchAll(/^Package: (.*)$/gm)].map((match) => match[1]);
  assert.deepEqual(packages.toSorted(), [
    'busybox-static',
    'libatomic1',
    'libc6',
    'libgcc-s1',
    'libstdc++6',
    'netbase',
    'tzdata',
  ]);
  assert.equal([...status.matchAll(/^Status: install ok installed$/gm)].length, packages.length);
});

test('a public name is served by the Node image only where it is free or ours', async () => {
  const imageId = await baseImage('node');
  for (const alias of ['node:24-slim', 'node:24']) {
    const image = await docker.getImage(alias).inspect();
    const isOurs = image.Config.Labels?.['cutover.recipe'] !== undefined;
    assert.equal(image.Id === imageId, isOurs, alias);
  }
});

test('a missing tool and a failing one are base_image_failed, named with their last words', async () => {
  await using work = await temporary();
  const run = { cwd: work.path, signal: AbortSignal.timeout(10_000) };
  await assert.rejects(runTool('cutover-test-no-such-tool', [], run), {
    code: 'base_image_failed',
    message: /no-such-tool: it is not installed/,
  });
  await assert.rejects(runTool('tar', ['-x', '-f', 'absent.tar'], run), {
    code: 'base_image_failed',
    message: /tar: exit 2: .*absent\.tar/,
  });
});

test('a package that is not one fails and says so', async () => {
  await using work = await temporary();
  const run = { cwd: work.path, signal: AbortSignal.timeout(10_000) };
  const root = join(work.path, 'root');
  await mkdir(root);
  const broken = pipeTools(['dpkg-deb', '--fsys-tarfile', '/etc/os-release'], ['tar', '-x', '-C', root], run);
  await assert.rejects(broken, { code: 'base_image_failed', message: /dpkg-deb: exit 2/ });
  await assert.rejects(linkApplets(root, run), { code: 'base_image_failed' });
});

test('a cancelled build stops and leaves no file', async () => {
  await using work = await temporary();
  const stop = new AbortController();
  const building = buildBaseImages({
    socketPath: dockerSocket,
    which: ['static'],
    nodeMajors: [],
    force: true,
    temporaryDirectory: work.path,
    onLine: () => {},
    signal: stop.signal,
  });
  setImmediate(() => stop.abort());
  await assert.rejects(building);
  assert.deepEqual(await readdir(work.path), []);
});

test('the recipe changes with what goes into the image', () => {
  const machine = { architecture: 'amd64', osRelease: 'ID=debian', certificates: Buffer.from('one') } as const;
  const [run, node22, node24] = recipesFor(['run', 'node'], [22, 24]);
  assert.ok(run && node22 && node24);
  const hashes = [
    recipeHash(run, machine),
    recipeHash(node22, machine),
    recipeHash(node24, machine),
    recipeHash(node24, { ...machine, architecture: 'arm64' }),
    recipeHash(node24, { ...machine, osRelease: 'ID=ubuntu' }),
    recipeHash(node24, { ...machine, certificates: Buffer.from('two') }),
    recipeHash(node24, { ...machine, certificates: null }),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
  assert.deepEqual(node24.aliases, ['node:24-slim', 'node:24']);
});

test('a control file becomes a paragraph of the package database', () => {
  assert.equal(statusEntry('Package: x\nVersion: 1\n'), 'Package: x\nStatus: install ok installed\nVersion: 1\n\n');
});

async function outputOf(options: { Image: string; Cmd: string[]; User?: string; Env?: string[] }): Promise<string> {
  const container = await docker.createContainer({ ...options, Tty: true, Labels: { 'cutover.test': 'images' } });
  try {
    await container.start();
    await container.wait();
    return (await container.logs({ stdout: true, stderr: true })).toString();
  } finally {
    await container.remove({ force: true });
  }
}

test('the Python image has the distribution’s Python and pip where programs look for them, with its modules compiled', async () => {
  const [built] = await buildBaseImages({
    socketPath: dockerSocket,
    which: ['python'],
    nodeMajors: [],
    onLine: () => {},
    signal: AbortSignal.timeout(300_000),
  });
  const version = /^cutover\/base-python:(3\.\d+)$/.exec(built?.reference ?? '')?.[1] ?? '';
  const script = [
    'import ctypes, hashlib, json, lzma, os, sqlite3, ssl, subprocess, sys, zlib',
    'pip = subprocess.run(["pip", "--version"], capture_output=True, text=True).stdout.split()[0]',
    'compiled = os.path.exists(json.__cached__)',
    'print("seen", json.dumps({"version": "%d.%d" % sys.version_info[:2], "pip": pip, "compiled": compiled}))',
  ].join('\n');
  const output = await outputOf({ Image: built?.imageId ?? '', User: '1000', Cmd: ['python', '-c', script] });
  assert.deepEqual(JSON.parse(output.replace('seen', '')), { version, pip: 'pip', compiled: true });
});
