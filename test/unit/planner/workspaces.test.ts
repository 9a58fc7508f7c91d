import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { matchesPatterns } from '../../../src/drivers/build/planner/node/workspace-patterns.ts';
import { createPlanner } from '../../../src/drivers/build/planner/planner.ts';
import { writeFiles } from '../../harness/sample-apps.ts';
import { planOf, temporaryDirectory, withoutCaches } from './fixture.ts';
import { npmLock } from './layouts/layout.ts';

/** A member that needs another. */
function member(name: string, needs: string) {
  return { name, scripts: { build: 'tsc' }, dependencies: { [needs]: '*' } };
}

const server = { name: 'server', scripts: { start: 'node s.js' } };

describe('3.3 members of a workspace are found', () => {
  const rows: readonly (readonly [string, readonly string[], boolean])[] = [
    ['packages/a', ['packages/*'], true],
    ['packages/a/b', ['packages/*'], false],
    ['packages/a/b', ['packages/**'], true],
    ['packages/a', ['./packages/*/'], true],
    ['packages/a', ['packages/*', '!packages/a'], false],
    ['packages/a', ['!packages/a', 'packages/*'], true],
    ['apps/x', ['{apps,packages}/*'], true],
    ['tools', ['packages/*', 'tools'], true],
    ['axb', ['a.b'], false],
    ['a(b', ['a(b'], true],
  ];
  for (const [path, patterns, matches] of rows) {
    it(`${path} ${matches ? 'is' : 'is not'} one of ${patterns.join(', ')}`, () => {
      assert.equal(matchesPatterns(path, patterns), matches);
    });
  }

  it('a directory that the patterns do not name stands for itself', async (t) => {
    const files = { 'package.json': { workspaces: ['packages/*'] }, ...npmLock, 'other/package.json': server };
    const plan = await planOf(t, files, { directory: 'other' });
    assert.equal(plan.contextDirectory, undefined);
    assert.doesNotMatch(plan.dockerfile ?? '', /package-lock/);
  });

  it('a member with a lock file of its own, in a workspace without one, stands for itself', async (t) => {
    const files = { 'package.json': { workspaces: ['a'] }, 'a/package.json': server, 'a/package-lock.json': {} };
    assert.equal((await planOf(t, files, { directory: 'a' })).contextDirectory, undefined);
  });

  it('a pnpm-workspace.yaml without packages holds only settings', async (t) => {
    const files = {
      'package.json': { ...server, dependencies: { ms: '2' } },
      'pnpm-lock.yaml': '',
      'pnpm-workspace.yaml': 'onlyBuiltDependencies: [esbuild]\n',
    };
    const { dockerfile } = await planOf(t, files);
    assert.match(dockerfile ?? '', /^COPY pnpm-lock\.yaml pnpm-workspace\.yaml \.\/$/m);
  });

  it('members that are links out of the checkout are not members', async (t) => {
    const checkout = await temporaryDirectory(t);
    const outside = await temporaryDirectory(t);
    await writeFiles(outside, { 'package.json': { name: 'evil' } });
    await writeFiles(checkout, {
      'package.json': { workspaces: ['packages/*'] },
      ...npmLock,
      'packages/server/package.json': server,
    });
    await symlink(outside, join(checkout, 'packages/evil'));
    const settings = { ...defaultBuildSettings, directory: 'packages/server' };
    const { dockerfile } = await createPlanner().plan(checkout, settings);
    assert.doesNotMatch(dockerfile ?? '', /evil/);
  });

  it('a name that no Dockerfile can hold is refused', async (t) => {
    const files = {
      'package.json': { workspaces: ['packages/*'] },
      'packages/server/package.json': server,
      'packages/a\nRUN evil/package.json': {},
    };
    await assert.rejects(planOf(t, files, { directory: 'packages/server' }), {
      code: 'app_not_detected',
      message: /whose name no Dockerfile can hold: "packages\/a\\nRUN evil"/,
    });
  });

  it('members that need each other in a circle are each built once', async (t) => {
    const files = {
      'package.json': { workspaces: ['*'] },
      ...npmLock,
      'a/package.json': { ...member('a', 'b'), scripts: { build: 'tsc', start: 'node a.js' } },
      'b/package.json': member('b', 'a'),
    };
    const plan = await planOf(t, files, { directory: 'a' });
    assert.equal([...withoutCaches(plan).matchAll(/^RUN npm run build$/gm)].length, 2);
  });
});

describe('what a workspace says of itself', () => {
  it('its root without anything to start names the members that could be meant', async (t) => {
    const files = {
      'package.json': { workspaces: ['*'], scripts: { build: 'x' } },
      'web/package.json': server,
      'lib/package.json': {},
    };
    await assert.rejects(planOf(t, files), {
      code: 'start_command_missing',
      message: /This is the root of a workspace: set the directory to its app, such as web$/,
    });
  });

  it('a pnpm-workspace.yaml that is no YAML is told as such', async (t) => {
    await assert.rejects(planOf(t, { 'package.json': server, 'pnpm-workspace.yaml': 'packages: [' }), {
      code: 'app_not_detected',
      message: /pnpm-workspace\.yaml is not valid YAML/,
    });
  });

  it('the version of Node and the package manager of the root are those of a member that says nothing', async (t) => {
    const files = {
      'package.json': { workspaces: ['a'], packageManager: 'pnpm@9.0.0' },
      'pnpm-lock.yaml': '',
      '.nvmrc': '22',
      'a/package.json': server,
    };
    const plan = await planOf(t, files, { directory: 'a' });
    assert.deepEqual(plan.baseImages, ['node:22-slim']);
    assert.match(plan.dockerfile ?? '', /--force pnpm@9\.0\.0$/m);
  });

  it('the build and install commands of the settings run in the app directory', async (t) => {
    const files = { 'package.json': { workspaces: ['a'] }, ...npmLock, 'a/package.json': server };
    const settings = { directory: 'a', installCommand: 'make deps', buildCommand: 'make' };
    const dockerfile = withoutCaches(await planOf(t, files, settings));
    assert.match(dockerfile, /WORKDIR \/app\/a\nRUN \["sh","-c","make deps"\]\nWORKDIR \/app\n/);
    assert.match(dockerfile, /WORKDIR \/app\/a\nRUN \["sh","-c","make"\]\n/);
  });
});
