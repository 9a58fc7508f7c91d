import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { defaultBuildSettings } from '../../src/domain/build-settings.ts';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { treeOf } from '../harness/git-server-source.ts';
import { appFiles, builds, type AppFiles } from '../simulation/memory/build/app-files.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { builderConformance, type WantedBuild } from './builder.ts';

const url = 'https://git.example/app.git';
const never = new AbortController().signal;

function setUp() {
  const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1) });
  const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
  const drivers = memoryDrivers(world, { clock: systemClock, random });
  const checkout = async (app: AppFiles) => {
    const { sha } = world.repositories.at(url).push('main', { apps: { 'apps/web': app } });
    return (await drivers.source.checkout(treeOf(url, sha, randomUUID()), () => {}, never)).path;
  };
  return { ...drivers, world, checkout, [Symbol.asyncDispose]: async () => world.end() };
}

builderConformance('memory', async () => {
  const t = setUp();
  const label = 'cutover.test.builder';
  return {
    builder: t.builder,
    label,
    app: async (wanted) => {
      const path = await t.checkout(appOf(wanted));
      const plan = await t.planner.plan(path, { ...defaultBuildSettings, directory: 'apps/web' });
      return { contextPath: `${path}/apps/web`, plan };
    },
    tagged: async (tag) => {
      const image = t.world.images.find(tag);
      return image === null ? null : { imageId: image.imageId, label: image.labels[label] };
    },
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
});

function appOf({ exposes = [], says, fails, hangs, from, files = {} }: WantedBuild): AppFiles {
  const plain = appFiles(randomUUID());
  const lines =
    says === undefined
      ? []
      : ([
          { stream: 'stdout', text: says.stdout },
          { stream: 'stderr', text: says.stderr },
        ] as const);
  return {
    ...plain,
    exposedPorts: exposes,
    plan: { ...dockerfile(plain), baseImages: from === undefined ? [] : [from] },
    build: builds({
      lines,
      ms: hangs === true ? null : 0,
      failure: fails === true ? { code: 'build_failed', message: '`RUN exit 3` failed with exit code 3' } : null,
      files: Object.fromEntries(Object.entries(files).map(([path, text]) => [`/out/${path}`, text])),
    }),
  };
}

function dockerfile({ plan }: AppFiles) {
  return 'code' in plan ? assert.fail(plan.message) : plan;
}

test('3.5: planner and configuration are those of the directory; one outside of the checkout or not there is refused', async () => {
  await using t = setUp();
  const wrong = { code: 'config_invalid', message: 'cutover.yaml:1:1: unknown key' } as const;
  const path = await t.checkout(appFiles('one', { config: wrong, configFiles: ['cutover.yaml'] }));
  const planOf = (directory: string) => t.planner.plan(path, { ...defaultBuildSettings, directory });
  assert.equal((await planOf('apps/web')).preset, 'dockerfile');
  await assert.rejects(t.appConfig.read(path, 'apps/web', never), { code: 'config_invalid', message: /1:1/ });
  assert.deepEqual((await t.appConfig.read(path, '', never)).files, []);
  await assert.rejects(planOf(''), { code: 'app_not_detected' });
  for (const directory of ['absent', '..', '../..', 'a/../../x', 'a\0b']) {
    await assert.rejects(planOf(directory), { code: 'directory_not_found' }, directory);
    await assert.rejects(t.appConfig.read(path, directory, never), { code: 'directory_not_found' }, directory);
  }
});

test('equal trees are one image with two tags, which goes with both', async () => {
  await using t = setUp();
  const request = { deploymentId: 'd1', labels: {}, noCache: false, secrets: [], cacheScope: 's', timeoutMs: 1_000 };
  const ids = new Set<string>();
  for (const tag of ['a:1', 'a:2']) {
    const path = await t.checkout(appFiles('same'));
    const plan = await t.planner.plan(path, { ...defaultBuildSettings, directory: 'apps/web' });
    const image = await t.builder.build({ ...request, tag, plan, contextPath: `${path}/apps/web` }, () => {}, never);
    ids.add(image.imageId);
  }
  assert.equal(ids.size, 1);
  const [imageId = ''] = ids;
  assert.deepEqual(t.world.images.tagsOf(imageId), ['a:1', 'a:2']);
  await t.runtime.removeImage(imageId, never);
  assert.equal(await t.runtime.inspectImage('a:1', never), null);
});
