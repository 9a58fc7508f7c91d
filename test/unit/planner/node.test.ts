import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandOf, nodeApp, planOf, withoutCaches } from './fixture.ts';

const withDependency = { ...nodeApp, dependencies: { ms: '^2' } };

describe('3.1 the version of Node', () => {
  const engines: readonly (readonly [string, number, RegExp])[] = [
    ['>=18', 24, /Node 24 from `engines`/],
    ['22.x', 22, /Node 22 from `engines`/],
    ['^22.3.0', 22, /Node 22 from `engines`/],
    ['>=22 <24', 22, /Node 22 from `engines`/],
    ['24.1.0', 24, /Node 24 from `engines`/],
    ['^20 || ^22', 22, /Node 22 from `engines`/],
    ['18', 22, /Node 22 \(`engines` asks for "18", which is not available\)/],
    ['23', 24, /Node 24 \(`engines` asks for "23", which is not available\)/],
    ['26', 24, /Node 24 \(`engines` asks for "26", which is not available\)/],
    ['banana', 24, /Node 24, the default \(`engines` says "banana", not a version\)/],
  ];
  for (const [node, major, reason] of engines) {
    it(`engines "${node}" means Node ${major}`, async (t) => {
      const plan = await planOf(t, { 'package.json': { ...nodeApp, engines: { node } } });
      assert.deepEqual(plan.baseImages, [`node:${major}-slim`]);
      assert.match(plan.explanation.join('; '), reason);
    });
  }

  const files: readonly (readonly [string, string, number])[] = [
    ['.nvmrc', 'v22.14.0\n', 22],
    ['.nvmrc', 'lts/*\n', 24],
    ['.nvmrc', 'lts/jod', 22],
    ['.nvmrc', '# comment\n22\n', 22],
    ['.node-version', '22.1.0', 22],
  ];
  for (const [name, content, major] of files) {
    it(`${name} with ${JSON.stringify(content)} means Node ${major}`, async (t) => {
      const plan = await planOf(t, { 'package.json': nodeApp, [name]: content });
      assert.deepEqual(plan.baseImages, [`node:${major}-slim`]);
      assert.ok(plan.explanation.includes(`Node ${major} from \`${name}\``), plan.explanation.join('; '));
    });
  }

  it('a wish that fits the one before it narrows it', async (t) => {
    const plan = await planOf(t, { 'package.json': { ...nodeApp, engines: { node: '>=20' } }, '.nvmrc': '22' });
    assert.deepEqual(plan.baseImages, ['node:22-slim']);
    assert.ok(plan.explanation.includes('Node 22 from `engines` and `.nvmrc`'));
  });

  it('Volta and .tool-versions are heard too', async (t) => {
    const volta = await planOf(t, { 'package.json': { ...nodeApp, volta: { node: '22.1.0' } } });
    const asdf = await planOf(t, { 'package.json': nodeApp, '.tool-versions': 'ruby 3.3\nnodejs 22.3.0\n' });
    assert.deepEqual([...volta.baseImages, ...asdf.baseImages], ['node:22-slim', 'node:22-slim']);
  });

  it('engines goes before .nvmrc, and .nvmrc before .node-version; without any it is 24', async (t) => {
    const wishes = { '.nvmrc': '22', '.node-version': '24' };
    const both = await planOf(t, { 'package.json': { ...nodeApp, engines: { node: '24' } }, ...wishes });
    assert.deepEqual(both.baseImages, ['node:24-slim']);
    assert.deepEqual((await planOf(t, { 'package.json': nodeApp, ...wishes })).baseImages, ['node:22-slim']);
    assert.deepEqual((await planOf(t, { 'package.json': nodeApp })).baseImages, ['node:24-slim']);
  });
});

describe('3.1 the package manager', () => {
  const rows: readonly (readonly [
    rule: string,
    files: Record<string, string | object>,
    run: RegExp,
    reason: string,
  ])[] = [
    ['npm without a lock file', {}, /^RUN npm install --omit=dev$/m, 'npm'],
    [
      'npm from its lock file',
      { 'package-lock.json': {} },
      /^RUN npm ci --omit=dev \|\|/m,
      'npm from `package-lock.json`',
    ],
    [
      'pnpm from its lock file',
      { 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n" },
      /^RUN pnpm install --frozen-lockfile --prod$/m,
      'pnpm from `pnpm-lock.yaml`',
    ],
    [
      'an older pnpm from an older lock file',
      { 'pnpm-lock.yaml': 'lockfileVersion: 6.0\n' },
      /--force pnpm@8$/m,
      'pnpm from `pnpm-lock.yaml`',
    ],
    [
      'yarn classic from its lock file',
      { 'yarn.lock': '# yarn lockfile v1\n' },
      /^RUN yarn install --frozen-lockfile --non-interactive --production$/m,
      'yarn from `yarn.lock`',
    ],
    [
      'yarn 4 from its lock file',
      { 'yarn.lock': '__metadata:\n  version: 8\n' },
      /^RUN yarn workspaces focus --all --production$/m,
      'yarn from `yarn.lock`',
    ],
    [
      'pnpm before npm where both have a lock file',
      { 'pnpm-lock.yaml': '', 'package-lock.json': {} },
      /^RUN pnpm install/m,
      'pnpm from `pnpm-lock.yaml`',
    ],
  ];
  for (const [rule, files, run, reason] of rows) {
    it(rule, async (t) => {
      const plan = await planOf(t, { 'package.json': withDependency, ...files });
      assert.match(withoutCaches(plan), run);
      assert.ok(plan.explanation.includes(reason), plan.explanation.join('; '));
    });
  }

  it('the packageManager field goes before lock files, and its version is used', async (t) => {
    const packageManager = 'pnpm@9.1.2+sha512.abc';
    const plan = await planOf(t, { 'package.json': { ...withDependency, packageManager }, 'package-lock.json': {} });
    assert.match(withoutCaches(plan), /^RUN npm install --global --force pnpm@9\.1\.2$/m);
    assert.ok(plan.explanation.includes('pnpm from `packageManager`'));
    assert.ok(plan.explanation.some((reason) => reason.includes('no lock file')));
  });

  it('nothing of the packageManager field but a version gets into the Dockerfile', async (t) => {
    const packageManager = 'pnpm@9; touch /x\nRUN evil';
    const plan = await planOf(t, { 'package.json': { ...withDependency, packageManager } });
    assert.doesNotMatch(plan.dockerfile ?? '', /touch|evil/);
  });

  for (const [name, files, tool] of [
    ['bun.lock', { 'bun.lock': '' }, 'bun@1'],
    ['the field', { x: '' }, 'bun@1.2.0'],
  ] as const) {
    it(`bun (${name}) installs, and Node runs the app`, async (t) => {
      const packageManager = name === 'the field' ? 'bun@1.2.0' : undefined;
      const plan = await planOf(t, { 'package.json': { ...withDependency, packageManager }, ...files });
      assert.ok(withoutCaches(plan).includes(`\nRUN npm install --global --force ${tool}\n`), plan.dockerfile ?? '');
      assert.deepEqual(plan.baseImages, ['node:24-slim']);
    });
  }

  it('one that is not known is refused', async (t) => {
    await assert.rejects(planOf(t, { 'package.json': { ...withDependency, packageManager: 'tnpm@1.0.0' } }), {
      code: 'app_not_detected',
      message: /tnpm \(from `packageManager`\) is not known/,
    });
  });

  const berries = [
    ['4', '3'],
    ['6', '3'],
    ['8', '4'],
  ] as const;
  for (const [format, major] of berries) {
    it(`a lock file of format ${format} is left to yarn ${major}`, async (t) => {
      const files = { 'yarn.lock': `__metadata:\n  version: ${format}\n` };
      const { dockerfile } = await planOf(t, { 'package.json': withDependency, ...files });
      assert.ok(dockerfile?.includes(`@yarnpkg/cli-dist@${major}\n`));
    });
  }
});

describe('the Dockerfile of a Node app', () => {
  it('without dependencies and build is one stage that installs nothing', async (t) => {
    const plan = await planOf(t, { 'package.json': nodeApp });
    assert.equal(
      plan.dockerfile,
      [
        'FROM node:24-slim',
        'WORKDIR /app',
        'RUN chown 1000:1000 /app',
        'COPY --chown=1000:1000 . .',
        'ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH',
        'USER 1000:1000',
        'CMD ["node","server.js"]',
        '',
      ].join('\n'),
    );
  });

  it('copies lock file and what else decides the install before the source', async (t) => {
    const files = { 'package-lock.json': {}, '.npmrc': '', 'patches/a.patch': '' };
    const plan = await planOf(t, { 'package.json': withDependency, ...files });
    const text = withoutCaches(plan);
    const order = [
      'COPY --from=manifest',
      'COPY package-lock.json .npmrc ./',
      'COPY patches ./patches',
      'RUN npm ci',
      'COPY --chown=1000:1000 . .',
    ];
    const positions = order.map((part) => text.indexOf(part));
    assert.ok(!positions.includes(-1), text);
    assert.deepEqual(
      positions,
      positions.toSorted((a, b) => a - b),
    );
  });

  it('with a build script installs everything and builds; the packages of the last stage come from a layer of their own', async (t) => {
    const scripts = { ...nodeApp.scripts, build: 'tsc' };
    const plan = await planOf(t, { 'package.json': { ...withDependency, scripts }, 'package-lock.json': {} });
    const text = withoutCaches(plan);
    assert.match(
      text,
      /AS install\n.*RUN npm ci \|\|.*FROM install AS production\nRUN npm prune --omit=dev .*COPY \. \.\nRUN npm run build\n/s,
    );
    assert.match(text, /^RUN \["node",.*"\/app\/node_modules"\]$/m, 'without the packages');
    assert.match(text, /COPY --from=production .* \/app \.\/\nCOPY --from=build .* \/built\/ \.\/\n/);
  });

  it('prunes what was installed where a tool of the build writes into node_modules', async (t) => {
    const dependencies = { '@prisma/client': '^6' };
    const scripts = { ...nodeApp.scripts, build: 'prisma generate' };
    const plan = await planOf(t, { 'package.json': { scripts, dependencies }, 'package-lock.json': {} });
    assert.match(withoutCaches(plan), /RUN npm run build\nRUN npm prune --omit=dev --ignore-scripts\n\nFROM node/);
    assert.doesNotMatch(plan.dockerfile ?? '', /AS production/);
  });

  for (const prepare of ['husky', 'husky install || true', 'svelte-kit sync', 'nuxt prepare']) {
    it(`keeps the layer of dependencies in spite of a prepare script "${prepare}"`, async (t) => {
      const scripts = { ...nodeApp.scripts, prepare };
      const { dockerfile } = await planOf(t, { 'package.json': { ...withDependency, scripts } });
      assert.match(dockerfile ?? '', /AS manifest/);
    });
  }

  const reasons: readonly (readonly [string, object])[] = [
    ['a postinstall script', { scripts: { ...nodeApp.scripts, postinstall: 'x' } }],
    ['a preinstall script', { scripts: { ...nodeApp.scripts, preinstall: 'x' } }],
    ['a prepare script', { scripts: { ...nodeApp.scripts, prepare: 'x' } }],
    ['a local dependency (file:./lib)', { dependencies: { lib: 'file:./lib' } }],
    ['a local dependency (link:../lib)', { dependencies: { lib: 'link:../lib' } }],
    ['a local dependency (workspace:*)', { devDependencies: { lib: 'workspace:*' } }],
  ];
  for (const [reason, change] of reasons) {
    it(`copies the whole source before the install because of ${reason}`, async (t) => {
      const plan = await planOf(t, { 'package.json': { ...withDependency, ...change }, 'package-lock.json': {} });
      const text = withoutCaches(plan);
      assert.ok(text.includes(`# The whole source comes first because of ${reason}.`), text);
      assert.ok(text.indexOf('COPY . .') < text.indexOf('RUN npm ci'));
      assert.doesNotMatch(text, /AS manifest/);
    });
  }

  it('passes the build environment by name to the stages that install and build, never by value and never to the last', async (t) => {
    const scripts = { ...nodeApp.scripts, build: 'tsc' };
    const buildEnv = { API_URL: 'https://example.test/"$x"' };
    const plan = await planOf(t, { 'package.json': { ...withDependency, scripts } }, { buildEnv });
    const stages = (plan.dockerfile ?? '').split(/^FROM /m);
    assert.deepEqual(plan.buildArgs, buildEnv);
    assert.ok(stages.some((stage) => stage.includes('\nARG API_URL\n')));
    assert.doesNotMatch(stages.at(-1) ?? '', /API_URL/);
    assert.doesNotMatch(plan.dockerfile ?? '', /example\.test/);
  });

  it('refuses build variables whose names no Dockerfile can hold', async (t) => {
    await assert.rejects(planOf(t, { 'package.json': nodeApp }, { buildEnv: { 'A\nRUN evil': '' } }), {
      code: 'invalid_input',
    });
  });

  it('keeps commands of the settings in one argument, whatever they contain', async (t) => {
    const settings = { installCommand: 'npm ci\nRUN evil <<EOF', buildCommand: 'a "b" \\\n c' };
    const plan = await planOf(t, { 'package.json': nodeApp }, settings);
    const lines = withoutCaches(plan).split('\n');
    for (const command of Object.values(settings))
      assert.ok(lines.includes(`RUN ${JSON.stringify(['sh', '-c', command])}`));
  });

  it('uses only the low syntax that every builder knows', async (t) => {
    const scripts = { ...nodeApp.scripts, build: 'tsc' };
    const plan = await planOf(t, { 'package.json': { ...withDependency, scripts }, 'yarn.lock': '' });
    assert.doesNotMatch(withoutCaches(plan), /<<|--link|--mount|#\s*syntax/);
  });
});

describe('caches of the build', () => {
  it('hold what the package manager downloads and what the tools of the app keep', async (t) => {
    const scripts = { build: 'next build', start: 'next start' };
    const files = { 'package.json': { scripts, dependencies: { next: '16' } }, 'pnpm-lock.yaml': '' };
    const { dockerfile } = await planOf(t, files);
    const store = '--mount=type=cache,target=/root/.local/share/pnpm/store,sharing=shared';
    const own = ['node_modules/.cache', '.next/cache'].map(
      (path) => `--mount=type=cache,target=/app/${path},sharing=private`,
    );
    assert.ok(dockerfile?.includes(`RUN ${store} pnpm install`), dockerfile ?? '');
    assert.ok(dockerfile?.includes(`RUN ${own.join(' ')} pnpm run build`), dockerfile ?? '');
  });
});

describe('the start command', () => {
  const plain: readonly (readonly [string, readonly string[]])[] = [
    ['node server.js', ['node', 'server.js']],
    ['node --import=./a.js  dist/main.js --port 3000', ['node', '--import=./a.js', 'dist/main.js', '--port', '3000']],
    ['next start', ['next', 'start']],
  ];
  for (const [script, command] of plain) {
    it(`"${script}" is the first process itself, so that it gets SIGTERM`, async (t) => {
      assert.deepEqual(commandOf(await planOf(t, { 'package.json': { scripts: { start: script } } })), command);
    });
  }

  const shells = [
    'A=1 node x.js',
    'node a.js && node b.js',
    'node $FILE',
    'cd app && node x.js',
    'node "a b.js"',
    'exec node x.js',
    'node x.js > log',
    'node x.js | cat',
  ];
  for (const script of shells) {
    it(`"${script}" runs below a first process that passes SIGTERM on`, async (t) => {
      const command = commandOf(await planOf(t, { 'package.json': { scripts: { start: script } } }));
      assert.deepEqual([command[0], command[1], command[3]], ['sh', '-c', script]);
      assert.match(command[2] ?? '', /trap 'kill -TERM -1' TERM/);
    });
  }

  it('a script that runs another is replaced by what that says, with what comes before it', async (t) => {
    const scripts = { start: 'npm run start:prod', 'start:prod': 'node dist/main.js' };
    assert.deepEqual(commandOf(await planOf(t, { 'package.json': { scripts } })), ['node', 'dist/main.js']);
    const before = { ...scripts, prestart: 'node migrate.js' };
    assert.equal(
      commandOf(await planOf(t, { 'package.json': { scripts: before } }))[3],
      'node migrate.js && node dist/main.js',
    );
  });

  const nest = { dependencies: { '@nestjs/core': '12' }, devDependencies: { '@nestjs/cli': '12' } };
  const nestScripts = { build: 'nest build', start: 'nest start' };
  const production: readonly (readonly [string, object, Record<string, string | object>, readonly string[]])[] = [
    ['one that is named after production', { ...nestScripts, 'start:prod': 'node dist/x' }, {}, ['node', 'dist/x']],
    ['what Nest builds', nestScripts, {}, ['node', 'dist/main']],
    [
      'what Nest builds of one of several',
      nestScripts,
      { 'nest-cli.json': { root: 'apps/a' } },
      ['node', 'dist/apps/a/main'],
    ],
  ];
  for (const [what, scripts, files, command] of production) {
    it(`a start script for development gives way to ${what}`, async (t) => {
      assert.deepEqual(commandOf(await planOf(t, { 'package.json': { ...nest, scripts }, ...files })), command);
    });
  }

  const programs: readonly (readonly [string, string, boolean])[] = [
    ['tsx src/a.ts', 'tsx', true],
    ['NODE_ENV=production tsx src/a.ts', 'tsx', true],
    ['node -r ts-node/register src/a.ts', 'ts-node', true],
    ['node --import=@swc-node/register/esm src/a.ts', '@swc-node/register', true],
    ['node_modules/.bin/nodemon a.js', 'nodemon', true],
    ['node dist/a.js', 'typescript', false],
  ];
  for (const [start, tool, kept] of programs) {
    it(`"${start}" ${kept ? 'keeps' : 'does not keep'} dev dependencies for ${tool}`, async (t) => {
      const manifest = { scripts: { start }, dependencies: { ms: '2' }, devDependencies: { [tool]: '1' } };
      const text = withoutCaches(await planOf(t, { 'package.json': manifest, 'package-lock.json': {} }));
      assert.equal(text.includes('npm ci --omit=dev'), !kept, text);
    });
  }

  it('scripts that run each other end', async (t) => {
    const scripts = { start: 'npm run again', again: 'npm start' };
    assert.deepEqual(commandOf(await planOf(t, { 'package.json': { scripts } }))[0], 'npm');
  });

  it('of the settings goes before the start script, and makes a Node app of a package.json without one', async (t) => {
    const settings = { startCommand: 'node other.js' };
    assert.deepEqual(commandOf(await planOf(t, { 'package.json': nodeApp }, settings)), ['node', 'other.js']);
    const plan = await planOf(t, { 'package.json': {}, 'index.html': '' }, settings);
    assert.deepEqual([plan.preset, commandOf(plan)], ['node', ['node', 'other.js']]);
  });

  const entries: readonly (readonly [string, Record<string, string | object>, string])[] = [
    ['main', { 'package.json': { main: 'lib/run.js' }, 'lib/run.js': '', 'server.js': '' }, 'lib/run.js'],
    ['main without its ending', { 'package.json': { main: 'lib/run' }, 'lib/run.js': '' }, 'lib/run'],
    [
      'main that the build makes',
      { 'package.json': { main: 'dist/run.js', scripts: { build: 'tsc' } } },
      'dist/run.js',
    ],
    [
      'server.js where main is absent or leads out',
      { 'package.json': { main: '../run.js' }, 'server.js': '' },
      'server.js',
    ],
    ['index.js', { 'package.json': {}, 'index.js': '' }, 'index.js'],
  ];
  for (const [rule, files, file] of entries) {
    it(`without a start script: ${rule}`, async (t) => {
      assert.deepEqual(commandOf(await planOf(t, files)), ['node', file]);
    });
  }
});
