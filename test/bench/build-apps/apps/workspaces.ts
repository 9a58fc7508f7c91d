import { greeting, type BenchApp } from '../bench-app.ts';
import { bun, pnpm } from '../lock-file.ts';
import { nextDependencies } from './next.ts';

const shared = {
  'packages/shared/package.json': {
    name: '@bench/shared',
    version: '1.0.0',
    private: true,
    type: 'module',
    main: './dist/index.js',
    types: './dist/index.d.ts',
    scripts: { build: 'tsc' },
    devDependencies: { typescript: '5.9.3' },
  },
  'packages/shared/tsconfig.json': {
    compilerOptions: {
      target: 'ES2022',
      module: 'NodeNext',
      outDir: 'dist',
      rootDir: 'src',
      declaration: true,
      strict: true,
    },
    include: ['src'],
  },
  'packages/shared/src/index.ts': `export const greeting: string = '${greeting}';\n`,
  'packages/unused/package.json': {
    name: '@bench/unused',
    version: '1.0.0',
    private: true,
    dependencies: { ms: '2.1.3' },
  },
  '.gitignore': 'node_modules\ndist\n.next\n.turbo\n',
};

/** A server of a workspace, built after the package that it needs. */
const pnpmWorkspace: BenchApp = {
  name: 'pnpm-workspace',
  preset: 'node',
  lockedBy: pnpm,
  settings: { directory: 'apps/api' },
  source: 'packages/shared/src/index.ts',
  asset: '/health',
  files: {
    ...shared,
    'package.json': {
      name: 'bench-workspace',
      private: true,
      packageManager: 'pnpm@10.34.9',
      scripts: { build: 'pnpm -r build' },
      devDependencies: { prettier: '3.10.1' },
    },
    'pnpm-workspace.yaml': "packages:\n  - 'apps/*'\n  - 'packages/*'\n",
    'apps/api/package.json': {
      name: '@bench/api',
      private: true,
      type: 'module',
      scripts: { build: 'tsc', start: 'node dist/server.js' },
      dependencies: { '@bench/shared': 'workspace:*', fastify: '5.12.8' },
      devDependencies: { '@types/node': '24.19.2', typescript: '5.9.3' },
    },
    'apps/api/tsconfig.json': {
      compilerOptions: { target: 'ES2022', module: 'NodeNext', outDir: 'dist', rootDir: 'src', strict: true },
      include: ['src'],
    },
    'apps/api/src/server.ts': `import { greeting } from '@bench/shared';
import Fastify from 'fastify';

const app = Fastify();
app.get('/', () => ({ greeting }));
app.get('/health', () => ({ ok: true }));
await app.listen({ port: Number(process.env['PORT'] ?? 3000), host: '0.0.0.0' });
process.on('SIGTERM', () => void app.close());
`,
  },
};

/** Next.js in a workspace that Turborepo builds. */
const turboNext: BenchApp = {
  name: 'turbo-next',
  preset: 'nextjs',
  lockedBy: pnpm,
  settings: { directory: 'apps/web' },
  source: 'packages/shared/src/index.ts',
  asset: /\/_next\/static\/[^"'\\ ]+\.js/,
  files: {
    ...shared,
    'package.json': {
      name: 'bench-turbo',
      private: true,
      packageManager: 'pnpm@10.34.9',
      scripts: { build: 'turbo run build' },
      devDependencies: { turbo: '2.11.11' },
    },
    'pnpm-workspace.yaml': "packages:\n  - 'apps/*'\n  - 'packages/*'\n",
    'turbo.json': {
      tasks: { build: { dependsOn: ['^build'], outputs: ['dist/**', '.next/**', '!.next/cache/**'] } },
    },
    'apps/web/package.json': {
      name: 'web',
      private: true,
      scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
      dependencies: { '@bench/shared': 'workspace:*', ...nextDependencies },
    },
    'apps/web/next.config.mjs': 'export default {};\n',
    'apps/web/app/layout.jsx': `export default function RootLayout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
    'apps/web/app/page.jsx': `import { greeting } from '@bench/shared';

export default function Home() {
  return <h1>{greeting}</h1>;
}
`,
  },
};

/** Bun as package manager of a server that runs on Node. */
const bunLock: BenchApp = {
  name: 'hono-bun-lock',
  preset: 'node',
  lockedBy: bun,
  source: 'src/server.ts',
  asset: '/health',
  files: {
    '.gitignore': 'node_modules\ndist\n',
    'package.json': {
      name: 'bench-hono',
      private: true,
      type: 'module',
      scripts: { build: 'tsc', start: 'node dist/server.js' },
      dependencies: { '@hono/node-server': '2.1.8', hono: '4.13.19' },
      devDependencies: { '@types/node': '24.19.2', typescript: '5.9.3' },
    },
    'tsconfig.json': {
      compilerOptions: { target: 'ES2022', module: 'NodeNext', outDir: 'dist', rootDir: 'src', strict: true },
      include: ['src'],
    },
    'src/server.ts': `import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono();
app.get('/', (context) => context.html('<h1>${greeting}</h1>'));
app.get('/health', (context) => context.json({ ok: true }));
const server = serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000) });
process.on('SIGTERM', () => server.close());
`,
  },
};

/** TypeScript that is run as it is, by a tool that is a dev dependency. */
const tsx: BenchApp = {
  name: 'express-tsx',
  preset: 'node',
  lockedBy: pnpm,
  source: 'src/server.ts',
  asset: '/health',
  files: {
    '.gitignore': 'node_modules\n',
    'package.json': {
      name: 'bench-tsx',
      private: true,
      type: 'module',
      scripts: { dev: 'tsx watch src/server.ts', start: 'tsx src/server.ts' },
      dependencies: { express: '5.3.0' },
      devDependencies: { tsx: '4.23.15', typescript: '5.9.3' },
    },
    'src/server.ts': `import express from 'express';

const app = express();
app.get('/', (request, response) => response.send('<h1>${greeting}</h1>'));
app.get('/health', (request, response) => response.json({ ok: true }));
const server = app.listen(Number(process.env.PORT ?? 3000));
process.on('SIGTERM', () => server.close());
`,
  },
};

export const workspaceApps: readonly BenchApp[] = [pnpmWorkspace, turboNext, bunLock, tsx];
