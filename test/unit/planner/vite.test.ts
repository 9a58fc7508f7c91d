import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildSettings } from '../../../src/domain/build-settings.ts';
import { planOf, withoutCaches } from './fixture.ts';

const manifest = { scripts: { build: 'vite build' }, devDependencies: { vite: '^8' } };

describe('the preset vite', () => {
  const rows: readonly (readonly [string, string, string, Partial<BuildSettings>, string])[] = [
    ['dist, the default', '', 'vite build', {}, 'dist'],
    ['a literal outDir', 'export default { build: { outDir: "../x/out" } }', 'vite build', {}, 'dist'],
    [
      'a literal outDir of the configuration',
      'export default {\n  build: { outDir: "build/web" },\n}',
      'vite build',
      {},
      'build/web',
    ],
    ['not an outDir in a comment', '// outDir: "old"\nexport default {}', 'vite build', {}, 'dist'],
    ['not an outDir that is computed', 'export default { build: { outDir: `${x}/y` } }', 'vite build', {}, 'dist'],
    [
      '--outDir of the script before the configuration',
      'export default { build: { outDir: "a" } }',
      'vite build --outDir b',
      {},
      'b',
    ],
    ['--outDir= in its other form', '', 'tsc && vite build --outDir=./c/', {}, 'c'],
    [
      'the setting before everything',
      'export default { build: { outDir: "a" } }',
      'vite build --outDir b',
      { outputDirectory: 'd' },
      'd',
    ],
  ];
  for (const [rule, config, build, settings, directory] of rows) {
    it(`takes its files from ${directory}: ${rule}`, async (t) => {
      const files = { 'package.json': { ...manifest, scripts: { build } }, 'vite.config.ts': config };
      const { dockerfile } = await planOf(t, files, settings);
      assert.match(
        dockerfile ?? '',
        new RegExp(`\\nFROM scratch\\nCOPY --from=build \\["/app/${directory}/","/site/"\\]\\n$`),
      );
    });
  }

  it('is served from the files of the image, with the index for unknown paths', async (t) => {
    const plan = await planOf(t, { 'package.json': manifest, 'vite.config.js': '' });
    assert.deepEqual(plan.output, { type: 'image-files', path: '/site', spa: true });
    assert.deepEqual(plan.baseImages, ['node:24-slim']);
  });

  it('installs dev dependencies, and runs Vite itself where there is no build script', async (t) => {
    const files = {
      'package.json': { devDependencies: manifest.devDependencies },
      'package-lock.json': {},
      'vite.config.js': '',
    };
    const dockerfile = withoutCaches(await planOf(t, files));
    assert.match(dockerfile, /^RUN npm ci \|\|.*^RUN npx vite build$/ms);
    assert.doesNotMatch(dockerfile, /--omit=dev|prune/);
  });

  it('gives the build environment to the build by name', async (t) => {
    const buildEnv = { VITE_API: 'x' };
    const plan = await planOf(t, { 'package.json': manifest, 'vite.config.js': '' }, { buildEnv });
    assert.match(plan.dockerfile ?? '', /^ARG VITE_API$/m);
    assert.deepEqual(plan.buildArgs, buildEnv);
  });

  for (const outputDirectory of ['../x', '/x', '.', 'a"b']) {
    it(`refuses the output directory ${outputDirectory}`, async (t) => {
      const files = { 'package.json': manifest, 'vite.config.js': '' };
      await assert.rejects(planOf(t, files, { outputDirectory }), { code: 'invalid_input' });
    });
  }
});
