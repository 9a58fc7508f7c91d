import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildSettings } from '../../../src/domain/build-settings.ts';
import { explainPlan } from '../../../src/drivers/build/planner/planner.ts';
import type { SampleFiles } from '../../harness/sample-apps.ts';
import { nodeApp, planOf } from './fixture.ts';

const vite = { scripts: { build: 'vite build' }, devDependencies: { vite: '^8.0.0' } };

interface Row {
  readonly rule: string;
  readonly files: SampleFiles;
  readonly settings?: Partial<BuildSettings>;
  readonly preset: string;
  readonly seen: RegExp;
}

const rows: readonly Row[] = [
  { rule: 'a Dockerfile', files: { Dockerfile: 'FROM a' }, preset: 'dockerfile', seen: /`Dockerfile` found/ },
  {
    rule: 'a Dockerfile beside everything else',
    files: { Dockerfile: 'FROM a', 'package.json': nodeApp, 'vite.config.ts': '', 'index.html': '' },
    preset: 'dockerfile',
    seen: /`Dockerfile` found/,
  },
  {
    rule: 'a Dockerfile beside a package.json that is no JSON',
    files: { Dockerfile: 'FROM a', 'package.json': '{' },
    preset: 'dockerfile',
    seen: /`Dockerfile` found/,
  },
  {
    rule: 'a Dockerfile whose path is set',
    files: { 'docker/prod': 'FROM a', 'package.json': nodeApp },
    settings: { dockerfile: 'docker/prod' },
    preset: 'dockerfile',
    seen: /`docker\/prod` found/,
  },
  ...['js', 'mjs', 'ts'].map((ending) => ({
    rule: `vite.config.${ending} without a server`,
    files: { [`vite.config.${ending}`]: '', 'package.json': vite, 'index.html': '' },
    preset: 'vite',
    seen: new RegExp(`\`vite.config.${ending}\` found, and no server`),
  })),
  {
    rule: 'a build script that runs Vite without a configuration',
    files: { 'package.json': vite, 'index.html': '' },
    preset: 'vite',
    seen: /a build script that runs `vite build`, and no server/,
  },
  ...['vite', 'vite preview --port 3000', 'npm run dev', 'serve -s dist'].map((start) => ({
    rule: `Vite with the start script "${start}", which is no server of its own`,
    files: { 'vite.config.ts': '', 'package.json': { ...vite, scripts: { build: 'vite build', start } } },
    preset: 'vite',
    seen: /no server/,
  })),
  {
    rule: 'a dev-dependency on Vite in an app that has a start script of its own',
    files: { 'vite.config.ts': '', 'package.json': { ...vite, ...nodeApp } },
    preset: 'node',
    seen: /has a server \(start script `node server.js`\)/,
  },
  {
    rule: 'Vite beside a server framework',
    files: { 'vite.config.ts': '', 'server.js': '', 'package.json': { ...vite, dependencies: { express: '^5' } } },
    preset: 'node',
    seen: /has a server \(dependency `express`\)/,
  },
  {
    rule: 'a package.json with a start script',
    files: { 'package.json': nodeApp, 'index.html': '' },
    preset: 'node',
    seen: /`package\.json` with a start script \(`node server\.js`\)/,
  },
  {
    rule: 'a package.json with a server file',
    files: { 'package.json': {}, 'server.js': '', 'index.html': '' },
    preset: 'node',
    seen: /`server\.js` found/,
  },
  {
    rule: 'a package.json that only names tools, beside an index.html',
    files: { 'package.json': { devDependencies: { prettier: '3' } }, 'index.html': '' },
    preset: 'static',
    seen: /`index\.html` found and nothing that builds or serves it/,
  },
  { rule: 'an index.html', files: { 'index.html': '' }, preset: 'static', seen: /`index\.html` found/ },
  {
    rule: 'public/index.html',
    files: { 'public/index.html': '' },
    preset: 'static',
    seen: /`public\/index\.html` found/,
  },
  { rule: 'dist/index.html', files: { 'dist/index.html': '' }, preset: 'static', seen: /`dist\/index\.html` found/ },
  {
    rule: 'the directory of a monorepo, and not what is above it',
    files: { Dockerfile: 'FROM a', 'apps/web/index.html': '' },
    settings: { directory: 'apps/web' },
    preset: 'static',
    seen: /`index\.html` found/,
  },
  {
    rule: 'the preset static that is set, in spite of a Dockerfile',
    files: { Dockerfile: 'FROM a', 'index.html': '' },
    settings: { preset: 'static' },
    preset: 'static',
    seen: /preset static from the settings/,
  },
  {
    rule: 'the preset node that is set, in spite of Vite',
    files: { 'vite.config.ts': '', 'package.json': vite, 'server.js': '' },
    settings: { preset: 'node' },
    preset: 'node',
    seen: /preset node from the settings; `server\.js` found/,
  },
  {
    rule: 'the preset vite that is set, in spite of a server',
    files: { 'package.json': { ...vite, ...nodeApp } },
    settings: { preset: 'vite' },
    preset: 'vite',
    seen: /preset vite from the settings/,
  },
  {
    rule: 'the preset dockerfile that is set',
    files: { Dockerfile: 'FROM a' },
    settings: { preset: 'dockerfile' },
    preset: 'dockerfile',
    seen: /preset dockerfile from the settings/,
  },
];

describe('3.1 detection', () => {
  for (const { rule, files, settings, preset, seen } of rows) {
    it(`${rule}: ${preset}`, async (t) => {
      const plan = await planOf(t, files, settings);
      assert.equal(plan.preset, preset);
      assert.match(plan.explanation.join('; '), seen);
    });
  }

  it('says what it saw and why, in one line', async (t) => {
    const engines = { node: '>=22' };
    const plan = await planOf(t, { 'package.json': { ...nodeApp, engines }, 'package-lock.json': {} });
    assert.equal(
      explainPlan(plan),
      'node: `package.json` with a start script (`node server.js`); npm from `package-lock.json`; Node 24 from `engines`; no dependencies to install',
    );
  });

  it('says what was looked for where nothing fits', async (t) => {
    await assert.rejects(planOf(t, { 'README.md': '' }), (error: Error) => {
      assert.match(error.message, /^nothing that can be deployed was found; looked for: Dockerfile; /);
      for (const name of ['next.config.*', 'package.json', 'requirements.txt', 'go.mod', 'index.html'])
        assert.ok(error.message.includes(name), `${name}: ${error.message}`);
      return true;
    });
  });

  for (const text of ['{', '[]', 'null']) {
    it(`a package.json that holds ${text} is told as such`, async (t) => {
      await assert.rejects(planOf(t, { 'package.json': text }), { code: 'app_not_detected', message: /package\.json/ });
    });
  }

  for (const preset of ['node', 'vite'] as const) {
    it(`the preset ${preset} without a package.json is told as such`, async (t) => {
      await assert.rejects(planOf(t, { 'index.html': '' }, { preset }), {
        code: 'app_not_detected',
        message: /no package\.json/,
      });
    });
  }

  it('an app that builds but says nowhere how it starts is told what was looked for', async (t) => {
    await assert.rejects(
      planOf(t, { 'package.json': { main: 'lib.js', scripts: { build: 'tsc' } }, 'index.html': '' }),
      {
        code: 'start_command_missing',
        message: /looked for: a start script in package\.json, `main` \(lib\.js, which does not exist\), server\.js/,
      },
    );
  });
});
