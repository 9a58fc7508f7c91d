import { greeting, type BenchApp } from '../bench-app.ts';
import { npm } from '../lock-file.ts';

const kitSources = {
  '.gitignore': 'node_modules\nbuild\n.svelte-kit\n',
  'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit()] });
`,
  'src/app.html': `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <link rel="icon" href="%sveltekit.assets%/favicon.svg" />
    %sveltekit.head%
  </head>
  <body data-sveltekit-preload-data="hover">
    <div style="display: contents">%sveltekit.body%</div>
  </body>
</html>
`,
  'static/favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>\n',
  'src/routes/+page.svelte': `<script>
  import { greeting } from '../lib/greeting.js';
  let count = $state(0);
</script>

<h1>{greeting}</h1>
<button onclick={() => (count += 1)}>clicked {count} times</button>
`,
  'src/lib/greeting.js': `export const greeting = '${greeting}';\n`,
};

/** Kit 3 is set in the configuration of Vite, where the one of today is. */
function kit(name: string, adapter: string, version: string, more: Readonly<Record<string, string>> = {}): BenchApp {
  return {
    name,
    preset: 'sveltekit',
    lockedBy: npm,
    source: 'src/lib/greeting.js',
    asset: /\/_app\/immutable\/[^"']+\.js/,
    files: {
      ...kitSources,
      'vite.config.js': `import adapter from '${adapter}';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit({ adapter: adapter() })] });
`,
      ...more,
      'package.json': {
        name: 'bench-kit',
        private: true,
        version: '0.0.1',
        type: 'module',
        scripts: {
          dev: 'vite dev',
          build: 'vite build',
          preview: 'vite preview',
          prepare: "svelte-kit sync || echo ''",
        },
        devDependencies: {
          [adapter]: version,
          '@sveltejs/kit': '3.2.0',
          '@sveltejs/vite-plugin-svelte': '7.3.1',
          svelte: '5.57.3',
          vite: '8.3.8',
        },
      },
    },
  };
}

/** With Kit 2, the last one that its adapter knows. */
function kitAuto(): BenchApp {
  const app = kit('sveltekit-auto', '@sveltejs/adapter-auto', '7.0.1');
  const manifest = app.files['package.json'] as { devDependencies: Record<string, string> };
  const devDependencies = { ...manifest.devDependencies, '@sveltejs/kit': '2.70.4' };
  const files = {
    ...app.files,
    ...kitSources,
    'package.json': { ...manifest, devDependencies },
    'svelte.config.js': `import adapter from '@sveltejs/adapter-auto';\n\nexport default { kit: { adapter: adapter() } };\n`,
  };
  return { ...app, files };
}

const nuxt: BenchApp = {
  name: 'nuxt',
  preset: 'nuxt',
  lockedBy: npm,
  source: 'app/pages/index.vue',
  asset: /\/_nuxt\/[^"']+\.js/,
  files: {
    '.gitignore': 'node_modules\n.nuxt\n.output\n',
    'package.json': {
      name: 'bench-nuxt',
      private: true,
      type: 'module',
      scripts: {
        build: 'nuxt build',
        dev: 'nuxt dev',
        generate: 'nuxt generate',
        preview: 'nuxt preview',
        postinstall: 'nuxt prepare',
      },
      dependencies: { nuxt: '4.5.2', vue: '3.5.45', 'vue-router': '5.5.1' },
    },
    'nuxt.config.ts': `export default defineNuxtConfig({ compatibilityDate: '2026-01-01' });\n`,
    'tsconfig.json': {
      files: [],
      references: [{ path: './.nuxt/tsconfig.app.json' }, { path: './.nuxt/tsconfig.server.json' }],
    },
    'app/app.vue': '<template>\n  <NuxtPage />\n</template>\n',
    'app/pages/index.vue': `<script setup lang="ts">
const count = ref(0);
</script>

<template>
  <main>
    <h1>${greeting}</h1>
    <button @click="count++">clicked {{ count }} times</button>
  </main>
</template>
`,
    'server/api/time.get.ts': 'export default defineEventHandler(() => ({ now: Date.now() }));\n',
  },
};

const reactRouter: BenchApp = {
  name: 'react-router',
  preset: 'remix',
  lockedBy: npm,
  source: 'app/routes/home.tsx',
  asset: /\/assets\/[^"']+\.js/,
  files: {
    '.gitignore': 'node_modules\nbuild\n.react-router\n',
    'package.json': {
      name: 'bench-react-router',
      private: true,
      type: 'module',
      scripts: {
        build: 'react-router build',
        dev: 'react-router dev',
        start: 'react-router-serve ./build/server/index.js',
        typecheck: 'react-router typegen && tsc',
      },
      dependencies: {
        '@react-router/node': '8.4.0',
        '@react-router/serve': '8.4.0',
        isbot: '5.2.3',
        react: '19.3.1',
        'react-dom': '19.3.1',
        'react-router': '8.4.0',
      },
      devDependencies: {
        '@react-router/dev': '8.4.0',
        '@types/node': '24.19.2',
        '@types/react': '19.3.0',
        '@types/react-dom': '19.3.0',
        typescript: '5.9.3',
        vite: '8.3.8',
      },
    },
    'react-router.config.ts': `import type { Config } from '@react-router/dev/config';

export default { ssr: true } satisfies Config;
`,
    'vite.config.ts': `import { reactRouter } from '@react-router/dev/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [reactRouter()] });
`,
    'app/root.tsx': `import { Links, Meta, Outlet, Scripts, ScrollRestoration } from 'react-router';

export default function App() {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <Meta />
        <Links />
      </head>
      <body>
        <Outlet />
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}
`,
    'app/routes.ts': `import { type RouteConfig, index } from '@react-router/dev/routes';

export default [index('routes/home.tsx')] satisfies RouteConfig;
`,
    'app/routes/home.tsx': `export default function Home() {
  return <h1>${greeting}</h1>;
}
`,
    'tsconfig.json': {
      include: ['**/*', '.react-router/types/**/*'],
      compilerOptions: {
        lib: ['DOM', 'DOM.Iterable', 'ES2022'],
        types: ['node', 'vite/client'],
        target: 'ES2022',
        module: 'ES2022',
        moduleResolution: 'bundler',
        jsx: 'react-jsx',
        rootDirs: ['.', './.react-router/types'],
        strict: true,
        noEmit: true,
        skipLibCheck: true,
      },
    },
  },
};

const prerendered = { 'src/routes/+layout.js': 'export const prerender = true;\n' };

export const frameworkApps: readonly BenchApp[] = [
  kitAuto(),
  kit('sveltekit-node', '@sveltejs/adapter-node', '6.0.1'),
  kit('sveltekit-static', '@sveltejs/adapter-static', '4.0.1', prerendered),
  nuxt,
  reactRouter,
];
