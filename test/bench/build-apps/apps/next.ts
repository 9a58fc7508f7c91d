import { greeting, type BenchApp } from '../bench-app.ts';
import { npm, pnpm, type LockMaker } from '../lock-file.ts';

const layout = `import type { ReactNode } from 'react';
import './globals.css';

export const metadata = { title: 'Bench', description: 'A small app' };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`;

/** Pages of its own for a few paths, one of them with a part that runs in the browser, and a route of an API. */
const sources = {
  'app/layout.tsx': layout,
  'app/globals.css': 'body { font-family: sans-serif; margin: 2rem }\n',
  'app/page.tsx': `import Link from 'next/link';
import { Counter } from '../components/counter';
import { greeting } from '../lib/greeting';

export default function Home() {
  return (
    <main>
      <h1>{greeting}</h1>
      <Counter />
      <Link href="/about">about</Link>
    </main>
  );
}
`,
  'app/about/page.tsx': `export default function About() {
  return <p>About this app</p>;
}
`,
  'components/counter.tsx': `'use client';
import { useState } from 'react';

export function Counter() {
  const [count, setCount] = useState(0);
  return <button onClick={() => setCount(count + 1)}>clicked {count} times</button>;
}
`,
  'lib/greeting.ts': `export const greeting = '${greeting}';\n`,
  'public/robots.txt': 'User-agent: *\nAllow: /\n',
  'tsconfig.json': {
    compilerOptions: {
      target: 'ES2022',
      lib: ['dom', 'dom.iterable', 'esnext'],
      strict: true,
      noEmit: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      resolveJsonModule: true,
      isolatedModules: true,
      skipLibCheck: true,
      jsx: 'react-jsx',
      incremental: true,
      plugins: [{ name: 'next' }],
    },
    include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
    exclude: ['node_modules'],
  },
  'next-env.d.ts': `/// <reference types="next" />\n/// <reference types="next/image-types/global" />\n`,
  '.gitignore': 'node_modules\n.next\nout\n',
};

const api = {
  'app/api/time/route.ts': `export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json({ now: Date.now() });
}
`,
};

export const nextDependencies = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' };
const manifest = {
  name: 'bench-next',
  version: '0.1.0',
  private: true,
  scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
  dependencies: nextDependencies,
  devDependencies: {
    '@types/node': '24.19.2',
    '@types/react': '19.3.0',
    '@types/react-dom': '19.3.0',
    typescript: '5.9.3',
  },
};

function next(name: string, config: string, more: Partial<BenchApp> = {}, lockedBy: LockMaker = npm): BenchApp {
  const configFile = `import type { NextConfig } from 'next';\n\n${config}\nexport default nextConfig;\n`;
  return {
    name,
    preset: 'nextjs',
    files: { 'package.json': manifest, 'next.config.ts': configFile, ...sources, ...api },
    lockedBy,
    source: 'lib/greeting.ts',
    asset: /\/_next\/static\/[^"'\\ ]+\.js/,
    ...more,
  };
}

const ownServer = `import { createServer } from 'node:http';
import next from 'next';

const port = Number(process.env.PORT ?? 3000);
const app = next({ dev: false, hostname: '0.0.0.0', port });
await app.prepare();
createServer(app.getRequestHandler()).listen(port);
`;

const open = 'const nextConfig: NextConfig = { reactStrictMode: true };';
const exported = "const nextConfig: NextConfig = { output: 'export' };";

export const nextApps: readonly BenchApp[] = [
  next('next', open),
  next('next-standalone', "const nextConfig: NextConfig = { output: 'standalone' };", {}, pnpm),
  next('next-export', exported, {
    files: {
      'package.json': manifest,
      'next.config.ts': `import type { NextConfig } from 'next';\n\n${exported}\nexport default nextConfig;\n`,
      ...sources,
    },
  }),
  // As where a version of Next.js no longer knows how the standalone output is asked for.
  next('next-none-standalone', open, {
    settings: { buildCommand: 'unset NEXT_PRIVATE_STANDALONE; exec npm run build' },
  }),
  next('next-own-server', open, {
    files: {
      'package.json': { ...manifest, scripts: { ...manifest.scripts, start: 'NODE_ENV=production node server.mjs' } },
      'next.config.mjs': 'export default {};\n',
      ...sources,
      'server.mjs': ownServer,
    },
  }),
  next('next-split', "const nextConfig: NextConfig = { output: process.env['NEXT_OUTPUT'] as undefined };"),
];
