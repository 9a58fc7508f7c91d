import { latest, manifest, npmLock, pnpmLock, type Layouts } from './layout.ts';

/** Apps on Node that answer requests themselves. */
export const servers: Layouts = {
  'node-express-npm': {
    files: { 'package.json': manifest({ start: 'node server.js' }, ['express']), ...npmLock, 'server.js': '' },
  },
  'node-fastify-typescript-pnpm': {
    files: {
      'package.json': manifest({ build: 'tsc', start: 'node dist/server.js' }, ['fastify'], {
        devDependencies: latest(['typescript']),
        packageManager: 'pnpm@10.11.0',
      }),
      ...pnpmLock,
      '.nvmrc': '22\n',
    },
  },
  'node-nestjs-as-it-is-made': {
    files: {
      'package.json': manifest(
        { build: 'nest build', start: 'nest start', 'start:dev': 'nest start --watch', 'start:prod': 'node dist/main' },
        ['@nestjs/core', '@nestjs/common'],
        { devDependencies: latest(['@nestjs/cli', 'typescript']) },
      ),
      ...npmLock,
      'nest-cli.json': { sourceRoot: 'src' },
    },
  },
  'node-started-by-a-dev-dependency': {
    files: {
      'package.json': manifest({ start: 'tsx src/server.ts' }, ['express'], { devDependencies: latest(['tsx']) }),
      ...pnpmLock,
    },
  },
  'node-nestjs-yarn-classic': {
    files: {
      'package.json': manifest({ build: 'nest build', start: 'nest start', 'start:prod': 'node dist/main' }, [
        '@nestjs/core',
        '@nestjs/cli',
      ]),
      'yarn.lock': '# yarn lockfile v1\n',
    },
    settings: { startCommand: 'npm run start:prod' },
  },
  'node-yarn-berry': {
    files: {
      'package.json': manifest({ build: 'tsc', start: 'node dist/index.js' }, ['koa'], {
        packageManager: 'yarn@4.9.1',
      }),
      'yarn.lock': '__metadata:\n  version: 8\n',
      '.yarnrc.yml': 'nodeLinker: node-modules\n',
    },
  },
  'node-prisma-postinstall': {
    files: {
      'package.json': manifest(
        { postinstall: 'prisma generate', build: 'tsc', start: 'node dist/index.js' },
        ['@prisma/client', 'express'],
        { devDependencies: latest(['prisma', 'typescript']) },
      ),
      ...npmLock,
    },
  },
  'node-bun-lock': {
    files: { 'package.json': manifest({ start: 'node index.js' }, ['hono']), 'bun.lock': '', 'index.js': '' },
  },
  'node-procfile': {
    files: {
      'package.json': manifest({ build: 'tsc' }, ['express']),
      ...npmLock,
      Procfile: 'web: node dist/web.js --port $PORT\nworker: node dist/worker.js\n',
    },
  },
  'node-tanstack-start': {
    files: {
      'package.json': manifest({ dev: 'vite dev', build: 'vite build', start: 'node .output/server/index.mjs' }, [
        '@tanstack/react-start',
        'nitro',
      ]),
      'vite.config.ts': '',
      ...pnpmLock,
    },
  },
  'workspace-pnpm-turbo': {
    files: {
      'package.json': {
        name: 'root',
        private: true,
        devDependencies: latest(['turbo']),
        packageManager: 'pnpm@10.11.0',
      },
      'pnpm-workspace.yaml': 'packages:\n  - apps/*\n  - packages/*\n',
      ...pnpmLock,
      'turbo.json': {},
      'apps/api/package.json': {
        name: '@acme/api',
        scripts: { build: 'tsup', start: 'node dist/index.js' },
        dependencies: { '@acme/db': 'workspace:*', hono: '^4' },
      },
      'apps/web/package.json': { name: '@acme/web', scripts: { build: 'vite build' } },
      'packages/db/package.json': { name: '@acme/db', scripts: { build: 'tsc' } },
    },
    settings: { directory: 'apps/api' },
  },
  'workspace-npm': {
    files: {
      'package.json': { name: 'root', private: true, workspaces: ['packages/*', 'server'] },
      ...npmLock,
      'server/package.json': {
        name: 'server',
        scripts: { start: 'node index.js' },
        dependencies: { shared: '*', express: '^5' },
      },
      'server/index.js': '',
      'packages/shared/package.json': { name: 'shared', scripts: { build: 'tsc' }, dependencies: { base: '*' } },
      'packages/base/package.json': { name: 'base', scripts: { build: 'tsc' } },
      'packages/unused/package.json': { name: 'unused', scripts: { build: 'tsc' } },
    },
    settings: { directory: 'server' },
  },
  'workspace-yarn-nx': {
    files: {
      'package.json': { name: 'root', workspaces: { packages: ['apps/**'] }, devDependencies: latest(['nx']) },
      'yarn.lock': '# yarn lockfile v1\n',
      'nx.json': {},
      'apps/backend/api/package.json': { name: 'api', scripts: { build: 'tsc', start: 'node dist/main.js' } },
      'apps/backend/api/project.json': { name: 'backend-api' },
    },
    settings: { directory: 'apps/backend/api' },
  },
  'workspace-bun-in-a-subdirectory': {
    files: {
      'README.md': '',
      'js/package.json': { name: 'root', workspaces: ['packages/*'] },
      'js/bun.lock': '',
      'js/packages/site/package.json': {
        name: 'site',
        scripts: { start: 'node server.js' },
        dependencies: { lib: 'workspace:*' },
      },
      'js/packages/lib/package.json': { name: 'lib' },
    },
    settings: { directory: 'js/packages/site' },
  },
  'workspace-root': {
    files: {
      'package.json': {
        name: 'root',
        workspaces: ['packages/*'],
        scripts: { build: 'npm run build --workspaces', start: 'node packages/server/dist/main.js' },
      },
      ...npmLock,
      'packages/server/package.json': { name: 'server', scripts: { build: 'tsc' } },
    },
  },
};
