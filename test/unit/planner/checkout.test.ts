import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { createPlanner } from '../../../src/drivers/build/planner/planner.ts';
import { writeFiles } from '../../harness/sample-apps.ts';
import { nodeApp, planOf, temporaryDirectory } from './fixture.ts';

describe('3.5 the planner stays inside the checkout', () => {
  for (const directory of ['absent', 'file.txt', '..', '../..', 'a/../../x', '/etc', '-x', '$(id)', 'a\0b']) {
    it(`the directory ${JSON.stringify(directory)} is refused`, async (t) => {
      await assert.rejects(planOf(t, { 'file.txt': '', 'a/index.html': '' }, { directory }), {
        code: 'directory_not_found',
      });
    });
  }

  it('a directory that is a link out of the checkout is refused', async (t) => {
    const checkout = await temporaryDirectory(t);
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'index.html': '' });
    await symlink(outside, join(checkout, 'app'));
    const settings = { ...defaultBuildSettings, directory: 'app' };
    await assert.rejects(createPlanner().plan(checkout, settings), { code: 'directory_not_found' });
  });

  it('links that stay inside are followed', async (t) => {
    const checkout = await temporaryDirectory(t);
    await writeFiles(checkout, { 'real/index.html': '' });
    await symlink('real', join(checkout, 'app'));
    const plan = await createPlanner().plan(checkout, { ...defaultBuildSettings, directory: 'app' });
    assert.equal(plan.preset, 'static');
  });

  it('a Dockerfile, package.json or index.html that is a link out counts as absent', async (t) => {
    const checkout = await temporaryDirectory(t);
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { Dockerfile: 'FROM a', 'package.json': nodeApp, 'index.html': '' });
    for (const name of ['Dockerfile', 'package.json', 'index.html'])
      await symlink(join(outside, name), join(checkout, name));
    await assert.rejects(createPlanner().plan(checkout, defaultBuildSettings), { code: 'app_not_detected' });
    const forced = { ...defaultBuildSettings, preset: 'dockerfile' as const };
    await assert.rejects(createPlanner().plan(checkout, forced), { code: 'dockerfile_invalid', message: /leads out/ });
  });

  for (const dockerfile of ['absent', '../Dockerfile', '/etc/passwd', 'directory']) {
    it(`the Dockerfile path ${dockerfile} is refused`, async (t) => {
      const files = { 'directory/x': '', 'index.html': '' };
      await assert.rejects(planOf(t, files, { dockerfile }), { code: 'dockerfile_invalid' });
    });
  }

  it('loops of links and directories with the names of files are no files', async (t) => {
    const checkout = await temporaryDirectory(t);
    await symlink('Dockerfile', join(checkout, 'Dockerfile'));
    await mkdir(join(checkout, 'package.json'));
    await writeFiles(checkout, { 'index.html': '' });
    assert.equal((await createPlanner().plan(checkout, defaultBuildSettings)).preset, 'static');
  });
});

describe('the preset static', () => {
  it('serves the directory where the index is, without a fallback', async (t) => {
    const plan = await planOf(t, { 'public/index.html': '' });
    assert.deepEqual(plan.output, { type: 'checkout-files', directory: 'public', spa: false });
    assert.equal(plan.dockerfile, null);
  });

  it('serves the output directory of the settings, in its shortest form', async (t) => {
    const plan = await planOf(t, { 'index.html': '', 'web/out/a.html': '' }, { outputDirectory: './web//out/' });
    assert.deepEqual(plan.output, { type: 'checkout-files', directory: 'web/out', spa: false });
  });

  for (const outputDirectory of ['absent', '../x', '/etc']) {
    it(`the output directory ${outputDirectory} is refused`, async (t) => {
      await assert.rejects(planOf(t, { 'index.html': '' }, { outputDirectory }), { code: 'directory_not_found' });
    });
  }

  it('that is set, without anything to serve, says what was looked for', async (t) => {
    await assert.rejects(planOf(t, { x: '' }, { preset: 'static' }), {
      code: 'app_not_detected',
      message: /public\/index\.html/,
    });
  });
});
