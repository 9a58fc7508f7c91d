import { latest, manifest, npmLock, pnpmLock, type Layouts } from './layout.ts';

const next = manifest({ dev: 'next dev', build: 'next build', start: 'next start' }, ['next', 'react', 'react-dom']);
const kit = manifest({ dev: 'vite dev', build: 'vite build', prepare: "svelte-kit sync || echo ''" }, []);
const svelte = (adapter: string) => ({ ...kit, devDependencies: latest(['@sveltejs/kit', 'vite', adapter]) });
const astro = manifest({ dev: 'astro dev', start: 'astro dev', build: 'astro build' }, ['astro']);

/** Frameworks of JavaScript that have ways of their own. */
export const frameworks: Layouts = {
  'nextjs-standalone-left-open': {
    files: { 'package.json': next, ...npmLock, 'next.config.mjs': 'export default { reactStrictMode: true };\n' },
  },
  'nextjs-standalone-said': {
    files: { 'package.json': next, ...pnpmLock, 'next.config.ts': "export default { output: 'standalone' };\n" },
  },
  'nextjs-export': {
    files: { 'package.json': next, ...npmLock, 'next.config.js': "module.exports = { output: 'export' };\n" },
  },
  'nextjs-custom-server': {
    files: {
      'package.json': manifest({ build: 'next build', start: 'node server.js' }, ['next', 'react', 'express']),
      ...npmLock,
      'server.js': '',
      'next.config.js': '',
    },
  },
  'nextjs-computed-output': {
    files: {
      'package.json': next,
      'yarn.lock': '# yarn lockfile v1\n',
      'next.config.js': 'module.exports = { output: process.env.OUTPUT, distDir: "build" };\n',
    },
  },
  'nextjs-workspace-turbo': {
    files: {
      'package.json': { name: 'root', private: true, devDependencies: latest(['turbo']) },
      'pnpm-workspace.yaml': "packages: ['apps/*', 'packages/*']\n",
      ...pnpmLock,
      'turbo.json': {},
      'apps/web/package.json': { ...next, name: 'web', dependencies: { next: '^16', ui: 'workspace:*' } },
      'apps/web/next.config.ts': '',
      'packages/ui/package.json': { name: 'ui' },
    },
    settings: { directory: 'apps/web' },
  },
  'nuxt-server': {
    files: {
      'package.json': manifest(
        { build: 'nuxt build', dev: 'nuxt dev', preview: 'nuxt preview', postinstall: 'nuxt prepare' },
        ['nuxt'],
      ),
      ...npmLock,
      'nuxt.config.ts': '',
    },
  },
  'nuxt-generate': {
    files: {
      'package.json': manifest({ build: 'nuxt generate' }, ['nuxt']),
      ...npmLock,
      'nuxt.config.ts': 'export default defineNuxtConfig({ ssr: false });\n',
    },
  },
  'sveltekit-node': {
    files: {
      'package.json': svelte('@sveltejs/adapter-node'),
      ...npmLock,
      'svelte.config.js': "import adapter from '@sveltejs/adapter-node';\n",
    },
  },
  'sveltekit-3': {
    files: {
      'package.json': svelte('@sveltejs/adapter-node'),
      ...npmLock,
      'vite.config.js': `import adapter from '@sveltejs/adapter-node';
export default { plugins: [sveltekit({ adapter: adapter({ out: 'server' }) })] };
`,
    },
  },
  'sveltekit-static': {
    files: {
      'package.json': svelte('@sveltejs/adapter-static'),
      ...npmLock,
      'svelte.config.js':
        "import adapter from '@sveltejs/adapter-static';\nexport default { kit: { adapter: adapter({ fallback: 'index.html' }) } };\n",
    },
  },
  'sveltekit-auto': {
    files: {
      'package.json': svelte('@sveltejs/adapter-auto'),
      ...pnpmLock,
      'svelte.config.js': "import adapter from '@sveltejs/adapter-auto';\n",
    },
  },
  'astro-static': { files: { 'package.json': astro, ...npmLock, 'astro.config.mjs': 'export default {};\n' } },
  'astro-node': {
    files: {
      'package.json': { ...astro, dependencies: latest(['astro', '@astrojs/node']) },
      ...npmLock,
      'astro.config.mjs':
        "import node from '@astrojs/node';\nexport default { output: 'server', adapter: node({ mode: 'standalone' }) };\n",
    },
  },
  'remix-vite': {
    files: {
      'package.json': manifest(
        { build: 'remix vite:build', start: 'remix-serve ./build/server/index.js' },
        ['@remix-run/node', '@remix-run/serve'],
        {
          devDependencies: latest(['@remix-run/dev', 'vite']),
        },
      ),
      ...npmLock,
      'vite.config.ts': '',
    },
  },
  'react-router-framework': {
    files: {
      'package.json': manifest(
        { build: 'react-router build', dev: 'react-router dev' },
        ['react-router', '@react-router/serve'],
        {
          devDependencies: latest(['@react-router/dev', 'vite']),
        },
      ),
      ...npmLock,
      'react-router.config.ts': 'export default { ssr: true };\n',
      'vite.config.ts': '',
    },
  },
  'react-router-spa': {
    files: {
      'package.json': manifest({ build: 'react-router build' }, ['react-router'], {
        devDependencies: latest(['@react-router/dev']),
      }),
      ...npmLock,
      'react-router.config.ts': 'export default { ssr: false };\n',
      'vite.config.ts': '',
    },
  },
  docusaurus: {
    files: {
      'package.json': manifest({ start: 'docusaurus start', build: 'docusaurus build' }, ['@docusaurus/core']),
      'yarn.lock': '# yarn lockfile v1\n',
      'docusaurus.config.ts': '',
    },
  },
  'angular-application': {
    files: {
      'package.json': manifest({ start: 'ng serve', build: 'ng build' }, ['@angular/core'], {
        devDependencies: latest(['@angular/cli']),
      }),
      ...npmLock,
      'angular.json': angular({ builder: '@angular/build:application', options: { browser: 'src/main.ts' } }),
    },
  },
  'angular-ssr': {
    files: {
      'package.json': manifest({ start: 'ng serve', build: 'ng build' }, ['@angular/core', '@angular/ssr', 'express']),
      ...npmLock,
      'angular.json': angular({
        builder: '@angular-devkit/build-angular:application',
        options: { outputPath: 'dist/shop', ssr: { entry: 'src/server.ts' } },
      }),
    },
  },
  'angular-browser-builder': {
    files: {
      'package.json': manifest({ build: 'ng build' }, ['@angular/core']),
      ...npmLock,
      'angular.json': angular({ builder: '@angular-devkit/build-angular:browser', options: { outputPath: 'www' } }),
    },
  },
  'vite-react': {
    files: {
      'package.json': manifest({ dev: 'vite', build: 'tsc -b && vite build', preview: 'vite preview' }, ['react'], {
        devDependencies: latest(['vite']),
      }),
      ...npmLock,
      'vite.config.ts': '',
      'index.html': '',
    },
  },
  'create-react-app': {
    files: {
      'package.json': manifest({ start: 'react-scripts start', build: 'react-scripts build' }, [
        'react',
        'react-scripts',
      ]),
      'yarn.lock': '# yarn lockfile v1\n',
      'public/index.html': '',
    },
  },
  'vue-cli': {
    files: {
      'package.json': manifest({ serve: 'vue-cli-service serve', build: 'vue-cli-service build' }, [
        'vue',
        '@vue/cli-service',
      ]),
      ...npmLock,
    },
  },
  eleventy: {
    files: { 'package.json': manifest({ start: 'npx @11ty/eleventy --serve' }, ['@11ty/eleventy']), ...npmLock },
  },
  'vitepress-docs': {
    files: {
      'package.json': manifest({ build: 'vitepress build docs', dev: 'vitepress dev docs' }, ['vitepress']),
      ...pnpmLock,
    },
  },
  'vitepress-as-it-is-made': {
    files: {
      'package.json': manifest({ 'docs:dev': 'vitepress dev docs', 'docs:build': 'vitepress build docs' }, [
        'vitepress',
      ]),
      ...npmLock,
    },
  },
  'vitepress-member-of-a-workspace': {
    files: {
      'package.json': { name: 'root', private: true, workspaces: ['docs'] },
      ...npmLock,
      'docs/package.json': manifest({ 'docs:build': 'vitepress build' }, ['vitepress']),
    },
    settings: { directory: 'docs' },
  },
  'solid-own-output': {
    files: { 'package.json': manifest({ build: 'node build.mjs' }, ['solid-js']), ...npmLock },
    settings: { preset: 'site', outputDirectory: 'public/out' },
  },
};

function angular(build: object): object {
  return { projects: { shop: { projectType: 'application', architect: { build } }, lib: { projectType: 'library' } } };
}
