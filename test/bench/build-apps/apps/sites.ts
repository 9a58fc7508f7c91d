import { greeting, type BenchApp } from '../bench-app.ts';
import { npm, pnpm } from '../lock-file.ts';

const gitignore = { '.gitignore': 'node_modules\ndist\n' };

const viteReact: BenchApp = {
  name: 'vite-react',
  preset: 'vite',
  lockedBy: npm,
  source: 'src/app.tsx',
  asset: /\/assets\/[^"]+\.js/,
  files: {
    ...gitignore,
    'package.json': {
      name: 'bench-vite',
      private: true,
      version: '0.0.0',
      type: 'module',
      scripts: { dev: 'vite', build: 'tsc -b && vite build', preview: 'vite preview' },
      dependencies: { react: '19.3.1', 'react-dom': '19.3.1' },
      devDependencies: {
        '@types/react': '19.3.0',
        '@types/react-dom': '19.3.0',
        '@vitejs/plugin-react': '6.3.0',
        typescript: '5.9.3',
        vite: '8.3.8',
      },
    },
    'vite.config.ts': `import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

export default defineConfig({ plugins: [react()] });
`,
    'tsconfig.json': {
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2022', 'DOM', 'DOM.Iterable'],
        module: 'ESNext',
        moduleResolution: 'bundler',
        types: ['vite/client'],
        jsx: 'react-jsx',
        strict: true,
        noEmit: true,
        skipLibCheck: true,
      },
      include: ['src'],
    },
    'index.html': `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Bench</title>
  </head>
  <body>
    <div id="root"></div>
    <script type="module" src="/src/main.tsx"></script>
  </body>
</html>
`,
    'src/main.tsx': `import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './index.css';
import { App } from './app';

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<StrictMode><App /></StrictMode>);
`,
    'src/app.tsx': `import { useState } from 'react';

export function App() {
  const [count, setCount] = useState(0);
  return (
    <main>
      <h1>${greeting}</h1>
      <button onClick={() => setCount(count + 1)}>clicked {count} times</button>
    </main>
  );
}
`,
    'src/index.css': 'body { font-family: sans-serif }\n',
  },
};

const astroPage = `---
import Layout from '../layouts/layout.astro';
---

<Layout title="Bench">
  <h1>${greeting}</h1>
</Layout>
`;

const astroSources = {
  '.gitignore': 'node_modules\ndist\n.astro\n',
  'src/layouts/layout.astro': `---
const { title } = Astro.props;
---

<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>{title}</title>
    <link rel="icon" href="/favicon.svg" />
  </head>
  <body><slot /></body>
</html>

<style is:global>
  body { font-family: sans-serif; margin: 2rem }
</style>
`,
  'src/pages/index.astro': astroPage,
  'public/favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>\n',
  'tsconfig.json': { extends: 'astro/tsconfigs/strict', include: ['.astro/types.d.ts', '**/*'], exclude: ['dist'] },
};

const astroScripts = { dev: 'astro dev', start: 'astro dev', build: 'astro build', preview: 'astro preview' };

const astro: BenchApp = {
  name: 'astro-static',
  preset: 'astro',
  lockedBy: npm,
  source: 'src/pages/index.astro',
  asset: '/favicon.svg',
  files: {
    ...astroSources,
    'package.json': {
      name: 'bench-astro',
      type: 'module',
      private: true,
      scripts: astroScripts,
      dependencies: { astro: '7.3.5' },
    },
    'astro.config.mjs': `import { defineConfig } from 'astro/config';\n\nexport default defineConfig({});\n`,
  },
};

const astroServer: BenchApp = {
  ...astro,
  name: 'astro-node',
  files: {
    ...astroSources,
    'package.json': {
      name: 'bench-astro-node',
      type: 'module',
      private: true,
      scripts: astroScripts,
      dependencies: { astro: '7.3.5', '@astrojs/node': '11.1.6' },
    },
    'astro.config.mjs': `import { defineConfig } from 'astro/config';
import node from '@astrojs/node';

export default defineConfig({ output: 'server', adapter: node({ mode: 'standalone' }) });
`,
  },
};

const docusaurus: BenchApp = {
  name: 'docusaurus',
  preset: 'docusaurus',
  lockedBy: npm,
  source: 'docs/intro.md',
  asset: /\/assets\/css\/[^"]+\.css/,
  files: {
    '.gitignore': 'node_modules\nbuild\n.docusaurus\n',
    'package.json': {
      name: 'bench-docs',
      version: '0.0.0',
      private: true,
      scripts: {
        docusaurus: 'docusaurus',
        start: 'docusaurus start',
        build: 'docusaurus build',
        serve: 'docusaurus serve',
      },
      dependencies: {
        '@docusaurus/core': '3.10.2',
        '@docusaurus/preset-classic': '3.10.2',
        '@mdx-js/react': '3.1.1',
        react: '19.3.1',
        'react-dom': '19.3.1',
      },
      engines: { node: '>=20.0' },
    },
    'docusaurus.config.js': `export default {
  title: 'Bench',
  url: 'https://example.com',
  baseUrl: '/',
  onBrokenLinks: 'throw',
  presets: [['classic', { docs: { routeBasePath: '/' }, blog: false, theme: {} }]],
};
`,
    'docs/intro.md': `---\nslug: /\n---\n\n# Bench\n\n${greeting}\n`,
    'docs/second.md': '# Second\n\nAnother page.\n',
  },
};

const eleventy: BenchApp = {
  name: 'eleventy',
  preset: 'site',
  lockedBy: npm,
  source: 'index.md',
  asset: '/style.css',
  files: {
    '.gitignore': 'node_modules\n_site\n',
    'package.json': {
      name: 'bench-eleventy',
      private: true,
      type: 'module',
      scripts: { build: 'eleventy', start: 'eleventy --serve' },
      devDependencies: { '@11ty/eleventy': '3.1.8' },
    },
    'eleventy.config.js': `export default function (config) {\n  config.addPassthroughCopy('style.css');\n}\n`,
    '_includes/layout.njk':
      '<!doctype html><title>Bench</title><link rel="stylesheet" href="/style.css">{{ content | safe }}\n',
    'index.md': `---\nlayout: layout.njk\n---\n\n# ${greeting}\n`,
    'style.css': 'body { font-family: sans-serif }\n',
  },
};

const vitepress: BenchApp = {
  name: 'vitepress',
  preset: 'site',
  lockedBy: pnpm,
  source: 'docs/index.md',
  asset: /\/assets\/[^"]+\.css/,
  files: {
    '.gitignore': 'node_modules\ndocs/.vitepress/dist\ndocs/.vitepress/cache\n',
    'package.json': {
      name: 'bench-vitepress',
      private: true,
      type: 'module',
      packageManager: 'pnpm@10.34.9',
      scripts: { 'docs:dev': 'vitepress dev docs', 'docs:build': 'vitepress build docs' },
      devDependencies: { vitepress: '1.6.4' },
    },
    'docs/.vitepress/config.mts': `import { defineConfig } from 'vitepress';\n\nexport default defineConfig({ title: 'Bench' });\n`,
    'docs/index.md': `# Bench\n\n${greeting}\n`,
  },
};

export const siteApps: readonly BenchApp[] = [viteReact, astro, astroServer, docusaurus, eleventy, vitepress];
