import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandOf, planOf } from './fixture.ts';
import { latest, manifest } from './layouts/layout.ts';

const next = (start = 'next start') => manifest({ build: 'next build', start }, ['next']);

describe('Next.js', () => {
  const standalone = ['next start', 'npx next start', 'next start -p $PORT', 'next start --port=3000 -H 0.0.0.0'];
  for (const start of [...standalone, 'node .next/standalone/server.js']) {
    it(`takes the standalone output for the start script "${start}"`, async (t) => {
      const plan = await planOf(t, { 'package.json': next(start) });
      assert.match(plan.dockerfile ?? '', /NEXT_PRIVATE_STANDALONE=true/);
      assert.match(commandOf(plan).join(' '), /node server\.js/);
    });
  }

  for (const start of ['node migrate.js && next start', 'node server.js', 'prisma migrate deploy; next start']) {
    it(`keeps all packages for the start script "${start}", which is more than Next`, async (t) => {
      const plan = await planOf(t, { 'package.json': next(start) });
      assert.doesNotMatch(plan.dockerfile ?? '', /STANDALONE|standalone/);
    });
  }

  const configs: readonly (readonly [string, string, RegExp])[] = [
    ['an output in a comment', "// output: 'export'\nmodule.exports = {}", /left open|leaves it open/],
    ['an output in a block comment', "/* output: 'export' */ module.exports = {}", /leaves it open/],
    ['an output that is computed', 'module.exports = { output: process.env.X }', /`output` is computed/],
    ['another key that begins so', "module.exports = { outputFileTracingRoot: '..' }", /leaves it open/],
    ['an output in double quotes', 'module.exports = { "output": "standalone" }', /`output: 'standalone'`/],
  ];
  for (const [rule, config, why] of configs) {
    it(`is read with care: ${rule}`, async (t) => {
      const { explanation } = await planOf(t, { 'package.json': next(), 'next.config.js': config });
      assert.match(explanation.join('; '), why);
    });
  }

  it('exports to its own directory where that has another name', async (t) => {
    const config = "export default { output: 'export', distDir: 'www' };";
    const { dockerfile } = await planOf(t, { 'package.json': next(), 'next.config.mjs': config });
    assert.match(dockerfile ?? '', /\["\/app\/www\/","\/site\/"\]/);
  });
});

describe('frameworks that build for another platform are refused, and told what to use', () => {
  const rows: readonly (readonly [string, Record<string, string | object>, RegExp])[] = [
    [
      'SvelteKit for Vercel',
      {
        'package.json': { devDependencies: latest(['@sveltejs/kit']) },
        'svelte.config.js': "import adapter from '@sveltejs/adapter-vercel';",
      },
      /`@sveltejs\/adapter-vercel`, which builds for another platform: use `@sveltejs\/adapter-node`/,
    ],
    [
      'SvelteKit for Cloudflare, by what is installed',
      { 'package.json': { devDependencies: latest(['@sveltejs/kit', '@sveltejs/adapter-cloudflare']) } },
      /`@sveltejs\/adapter-cloudflare`/,
    ],
    [
      'Astro for Netlify',
      { 'package.json': manifest({}, ['astro']), 'astro.config.mjs': "import netlify from '@astrojs/netlify';" },
      /`@astrojs\/netlify`, which builds for another platform: use `@astrojs\/node`/,
    ],
  ];
  for (const [name, files, message] of rows) {
    it(name, async (t) => {
      await assert.rejects(planOf(t, files), { code: 'app_not_detected', message });
    });
  }
});

describe('what a framework lacks is said', () => {
  it('React Router without a server package or a start script', async (t) => {
    const files = { 'package.json': { devDependencies: latest(['@react-router/dev']) } };
    await assert.rejects(planOf(t, files), {
      code: 'start_command_missing',
      message: /looked for: a start script in package\.json, a dependency `@react-router\/serve`/,
    });
  });

  it('Angular without an application', async (t) => {
    const files = { 'package.json': {}, 'angular.json': { projects: { ui: { projectType: 'library' } } } };
    await assert.rejects(planOf(t, files), { code: 'app_not_detected', message: /no application/ });
  });

  it('a broken angular.json', async (t) => {
    await assert.rejects(planOf(t, { 'package.json': {}, 'angular.json': '{ "a" }' }), {
      code: 'app_not_detected',
      message: /angular\.json is not valid JSON/,
    });
  });

  it('the preset site without a generator and an output directory', async (t) => {
    const files = { 'package.json': manifest({ build: 'node build.js' }, []) };
    await assert.rejects(planOf(t, files, { preset: 'site' }), {
      code: 'app_not_detected',
      message: /no site generator was found .*Set the output directory/,
    });
  });

  for (const preset of ['nextjs', 'nuxt', 'sveltekit', 'astro', 'remix', 'docusaurus', 'angular', 'site'] as const) {
    it(`the preset ${preset} without a package.json`, async (t) => {
      await assert.rejects(planOf(t, { 'index.html': '' }, { preset }), {
        code: 'app_not_detected',
        message: /no package\.json/,
      });
    });
  }
});

describe('the start that was declared', () => {
  const files = { 'package.json': manifest({ build: 'tsc', start: 'node a.js' }, []) };
  const rows: readonly (readonly [string, Record<string, string>, readonly string[]])[] = [
    ['a Procfile', { Procfile: 'web: node b.js' }, ['/bin/sh', '-c', 'exec node b.js']],
    ['cutover.yaml', { 'cutover.yaml': 'processes: { web: node c.js }' }, ['/bin/sh', '-c', 'exec node c.js']],
    ['a list in cutover.yaml', { 'cutover.yaml': 'processes: { web: [node, c.js] }' }, ['node', 'c.js']],
    [
      'a map in cutover.yaml, before the Procfile',
      { 'cutover.yaml': 'processes: { web: { command: node d.js } }', Procfile: 'web: node b.js' },
      ['/bin/sh', '-c', 'exec node d.js'],
    ],
    ['no web in either: the script', { 'cutover.yaml': 'processes: { w: x }', Procfile: 'w: y' }, ['node', 'a.js']],
    ['a cutover.yaml that is none: the script', { 'cutover.yaml': '{' }, ['node', 'a.js']],
  ];
  for (const [rule, more, command] of rows) {
    it(`goes before the start script: ${rule}`, async (t) => {
      assert.deepEqual(commandOf(await planOf(t, { ...files, ...more })), command);
    });
  }
});
