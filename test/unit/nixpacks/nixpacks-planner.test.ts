import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultBuildSettings, type BuildSettings } from '../../../src/domain/build-settings.ts';
import { createNixpacksPlanner } from '../../../src/drivers/build/nixpacks/nixpacks-planner.ts';
import { createPlanner } from '../../../src/drivers/build/planner/planner.ts';
import { writeNixpacks } from '../../harness/nixpacks-stand-in.ts';
import { writeFiles, type SampleFiles } from '../../harness/sample-apps.ts';

const nodeApp: SampleFiles = { 'package.json': { scripts: { start: 'node server.js' } }, 'server.js': '' };

async function setUp(files: SampleFiles, options: { readonly installed?: boolean; readonly timeoutMs?: number } = {}) {
  const root = await mkdtemp(join(tmpdir(), 'cutover-test-nixpacks-'));
  const checkout = join(root, 'checkout');
  await mkdir(checkout);
  await writeFiles(checkout, files);
  const binary = join(root, 'nixpacks');
  if (options.installed !== false) await writeNixpacks(binary);
  const { timeoutMs = 20_000 } = options;
  const dir = join(root, 'work');
  const planner = await createNixpacksPlanner({ planner: createPlanner(), binary, dir, forBuilds: true, timeoutMs });
  const plan = (settings: Partial<BuildSettings> = {}, signal?: AbortSignal) =>
    planner.plan(checkout, { ...defaultBuildSettings, ...settings }, signal);
  const idle = async () => assert.deepEqual(await readdir(dir), [], 'nothing of a run is left');
  return { root, checkout, planner, plan, idle, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('3.2 what is chosen makes the plan, and its files stand where the Dockerfile wants them', async () => {
  await using t = await setUp(nodeApp);
  const plan = await t.plan({ builder: 'nixpacks' });
  assert.equal(plan.builder, 'nixpacks');
  assert.match(plan.dockerfile ?? '', /^FROM node:24\n/);
  assert.deepEqual([plan.baseImages, plan.output], [['node:24'], { type: 'image' }]);
  assert.match(plan.explanation.join(), /nixpacks from the settings/);
  assert.equal(await readFile(join(t.checkout, '.nixpacks/nixpkgs-1.nix'), 'utf8'), 'nixpkgs\n');
  assert.match(t.planner.version, /nixpacks 1\.39\.0$/);
  await t.idle();
});

test('3.2 auto is the Dockerfile, else Nixpacks where it is installed, else the planner; a preset that is set stays', async () => {
  await using withIt = await setUp(nodeApp);
  assert.equal((await withIt.plan()).builder, 'nixpacks');
  assert.equal((await withIt.plan({ preset: 'node' })).preset, 'node');
  assert.equal((await withIt.plan({ builder: 'planner' })).preset, 'node');
  await using withDockerfile = await setUp({ ...nodeApp, Dockerfile: 'FROM scratch\n' });
  const own = await withDockerfile.plan();
  assert.deepEqual([own.builder, own.dockerfile], [undefined, 'FROM scratch\n']);
  await using without = await setUp(nodeApp, { installed: false });
  assert.equal((await without.plan()).preset, 'node');
  assert.equal(
    (await without.plan({ builder: 'static', outputDirectory: '' }).catch(() => null))?.preset ?? 'static',
    'static',
  );
  await using site = await setUp({ ...nodeApp, 'index.html': '' });
  assert.equal((await site.plan({ builder: 'static' })).preset, 'static');
});

test('chosen and missing is an error that says so', async () => {
  await using t = await setUp(nodeApp, { installed: false });
  await assert.rejects(t.plan({ builder: 'nixpacks' }), { code: 'nixpacks_missing' });
  assert.equal(t.planner.version, createPlanner().version);
});

test('3.5 settings cannot be read as options, and nothing of the environment of the platform is seen', async () => {
  process.env['CUTOVER_TEST_NIXPACKS'] = 'of the platform';
  await using t = await setUp({ 'apps/web/package.json': '{}' });
  await t.plan({
    builder: 'nixpacks',
    directory: 'apps/web',
    startCommand: '--version',
    buildCommand: '$(id)',
    buildEnv: { A: '--out=/etc', B: 'two words' },
  });
  const made = join(t.checkout, 'apps/web/.nixpacks');
  const given = await readFile(join(made, 'arguments'), 'utf8');
  assert.match(given, /--env=A=--out=\/etc --env=B=two words .*--build-cmd=\$\(id\) --start-cmd=--version -- \//);
  assert.doesNotMatch(await readFile(join(made, 'environment'), 'utf8'), /of the platform/);
  delete process.env['CUTOVER_TEST_NIXPACKS'];
});

test('its failure is told with what it said, and leaves nothing', async () => {
  await using t = await setUp({ ...nodeApp, fail: '' });
  await assert.rejects(t.plan({ builder: 'nixpacks' }), (error: Error & { code?: string }) => {
    assert.deepEqual([error.code, /no start command/.test(error.message)], ['nixpacks_failed', true]);
    return true;
  });
  await t.idle();
});

test('a run that takes too long is ended, and a cancelled one within half a second', async () => {
  await using late = await setUp({ ...nodeApp, hang: '' }, { timeoutMs: 300 });
  await assert.rejects(late.plan({ builder: 'nixpacks' }), { code: 'nixpacks_failed', message: /longer than 0\.3 s/ });
  await using t = await setUp({ ...nodeApp, hang: '' });
  const controller = new AbortController();
  const planned = t.plan({ builder: 'nixpacks' }, controller.signal);
  setTimeout(() => controller.abort(new Error('cancelled by a user')), 100);
  const before = performance.now();
  await assert.rejects(planned, /cancelled by a user/);
  assert.ok(performance.now() - before < 700);
  await t.idle();
});

test('a link that leads out of the checkout is refused, one inside is fine, and nothing is written through a link', async () => {
  await using out = await setUp(nodeApp);
  await symlink('/etc/passwd', join(out.checkout, 'Procfile'));
  await assert.rejects(out.plan({ builder: 'nixpacks' }), { code: 'nixpacks_failed', message: /"Procfile" leads out/ });
  await using inside = await setUp(nodeApp);
  await symlink('server.js', join(inside.checkout, 'index.js'));
  await symlink('nowhere', join(inside.checkout, 'dangling'));
  const elsewhere = join(inside.checkout, 'elsewhere');
  await mkdir(elsewhere);
  await symlink(elsewhere, join(inside.checkout, '.nixpacks'));
  await inside.plan({ builder: 'nixpacks' });
  assert.deepEqual(await readdir(elsewhere), []);
  assert.ok((await lstat(join(inside.checkout, '.nixpacks'))).isDirectory());
});

test('a plan that is only looked at leaves the directory as it is', async () => {
  await using t = await setUp(nodeApp);
  const options = { planner: createPlanner(), binary: join(t.root, 'nixpacks'), dir: join(t.root, 'plan') };
  const looking = await createNixpacksPlanner({ ...options, forBuilds: false });
  assert.equal((await looking.plan(t.checkout, defaultBuildSettings)).builder, 'nixpacks');
  assert.deepEqual((await readdir(t.checkout)).toSorted(), ['package.json', 'server.js']);
});
