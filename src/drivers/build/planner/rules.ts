import type { BuildPlan } from '../../../domain/build-plan.ts';
import { defaultBuildSettings } from '../../../domain/build-settings.ts';
import { buildsWithVite, productionStart, serverSign } from './node/dev-server.ts';
import { siteGenerators } from './node/site-generators.ts';
import { findEntry } from './node/start-command.ts';
import { dependencyFound, fileFound, type Signs } from './signs.ts';

/** One line of the table: a preset, and what has to be there for it. */
export interface Rule {
  readonly preset: BuildPlan['preset'];
  /** For people: "`angular.json`". */
  readonly looksFor: string;
  /** What was seen that fits, or null. An empty text fits too, where the plan itself says why. */
  readonly sees: (signs: Signs) => Promise<string | null>;
}

/**
 * How an app is recognised (rule 3.1): the first that fits, from the top. Frameworks come before the language they are written in; what also builds
 * its assets with Node (Laravel, Rails) comes before Node; and a package.json that only names tools leaves room for everything else.
 */
export const rules: readonly Rule[] = [
  { preset: 'dockerfile', looksFor: 'Dockerfile', sees: seesDockerfile },
  { preset: 'php', looksFor: 'artisan', sees: async (signs) => fileFound(await signs.file('artisan')) },
  { preset: 'ruby', looksFor: 'Gemfile with config.ru', sees: seesRackApp },
  framework('nextjs', 'next.config', ['next']),
  framework('nuxt', 'nuxt.config', ['nuxt', 'nuxt3']),
  framework('sveltekit', null, ['@sveltejs/kit']),
  framework('astro', 'astro.config', ['astro']),
  framework('remix', 'react-router.config', ['@react-router/dev', '@remix-run/dev']),
  framework('docusaurus', 'docusaurus.config', ['@docusaurus/core']),
  { preset: 'angular', looksFor: 'angular.json', sees: async (signs) => fileFound(await signs.file('angular.json')) },
  { preset: 'vite', looksFor: 'vite.config.* without a server', sees: seesVite },
  { preset: 'site', looksFor: 'a site generator in package.json', sees: seesSiteGenerator },
  { preset: 'bun', looksFor: 'a start script that runs bun', sees: seesBun },
  { preset: 'node', looksFor: 'package.json with a start script, main or server.js', sees: seesNodeServer },
  byFile('deno', ['deno.json', 'deno.jsonc', 'deno.lock']),
  byFile('python', [
    'requirements.txt',
    'pyproject.toml',
    'Pipfile',
    'requirements/production.txt',
    'requirements/base.txt',
  ]),
  byFile('go', ['go.mod', 'go.work']),
  byFile('rust', ['Cargo.toml']),
  byFile('php', ['composer.json', 'index.php', 'public/index.php']),
  byFile('ruby', ['Gemfile']),
  byFile('java', ['pom.xml', 'build.gradle', 'build.gradle.kts']),
  { preset: 'dotnet', looksFor: '*.csproj, *.fsproj, *.sln', sees: seesDotnet },
  byFile('elixir', ['mix.exs']),
  { preset: 'node', looksFor: 'package.json with a build script', sees: seesNodeBuild },
  { preset: 'static', looksFor: 'index.html, public/index.html, dist/index.html', sees: seesStatic },
  { preset: 'node', looksFor: 'package.json', sees: async (signs) => ((await signs.manifest()) === null ? null : '') },
];

/** Directory (relative to the app's) that has an index.html; null when there is none. */
export async function findStaticRoot(files: Signs['files']): Promise<string | null> {
  for (const root of ['', 'public', 'dist']) {
    if (await files.isFile(root === '' ? 'index.html' : `${root}/index.html`)) return root;
  }
  return null;
}

/** By its configuration file, where that is no other tool's too, or by a dependency. */
function framework(preset: Rule['preset'], config: string | null, packages: readonly string[]): Rule {
  return {
    preset,
    looksFor: `${config === null ? '' : `${config}.*, `}${packages.join(' or ')} in package.json`,
    async sees(signs) {
      const found = config === null ? null : await signs.config(config);
      return fileFound(found) ?? dependencyFound(await signs.dependency(...packages));
    },
  };
}

function byFile(preset: Rule['preset'], names: readonly string[]): Rule {
  return { preset, looksFor: names.join(', '), sees: async (signs) => fileFound(await signs.file(...names)) };
}

async function seesDockerfile({ files: present, settings: { dockerfile } }: Signs): Promise<string | null> {
  const given = dockerfile !== defaultBuildSettings.dockerfile;
  return given || (await present.isFile(dockerfile)) ? fileFound(dockerfile) : null;
}

async function seesRackApp(signs: Signs): Promise<string | null> {
  const rack = (await signs.file('Gemfile')) !== null && (await signs.file('config.ru')) !== null;
  return rack ? '`Gemfile` and `config.ru` found' : null;
}

async function seesVite(signs: Signs): Promise<string | null> {
  const signal = await viteSignal(signs);
  const manifest = await signs.manifest();
  if (signal === null || (manifest !== null && serverSign(manifest) !== null)) return null;
  return `${signal}, and no server`;
}

async function viteSignal(signs: Signs): Promise<string | null> {
  const config = await signs.config('vite.config');
  if (!buildsWithVite(await signs.manifest(), config)) return null;
  return fileFound(config) ?? 'a build script that runs `vite build`';
}

async function seesSiteGenerator(signs: Signs): Promise<string | null> {
  const manifest = await signs.manifest();
  if (manifest === null || serverSign(manifest) !== null) return null;
  return dependencyFound(await signs.dependency(...siteGenerators.map(({ dependency }) => dependency)));
}

const bunEntries = ['index.ts', 'server.ts', 'src/index.ts', 'src/server.ts', 'index.tsx'];

async function seesBun(signs: Signs): Promise<string | null> {
  const manifest = await signs.manifest();
  if (manifest === null) return null;
  const start = productionStart(manifest);
  if (start !== null) return /^(?:NODE_ENV=\w+ )?bun /.test(start) ? `start script \`${start}\`` : null;
  const lock = await signs.file('bun.lock', 'bun.lockb', 'bunfig.toml');
  const entry = await signs.file(...bunEntries);
  return lock === null || entry === null || 'start' in manifest.scripts ? null : `\`${lock}\` and \`${entry}\` found`;
}

async function seesNodeServer(signs: Signs): Promise<string | null> {
  const manifest = await signs.manifest();
  if (manifest === null) return null;
  const server = serverSign(manifest);
  const vite = server === null ? null : await viteSignal(signs);
  if (vite !== null) return `${vite}, but the app has a server (${server}), so it runs on Node`;
  if ('start' in manifest.scripts) return '';
  return (await findEntry(signs.files, manifest)) === null ? null : '';
}

async function seesNodeBuild(signs: Signs): Promise<string | null> {
  const manifest = await signs.manifest();
  if (manifest === null) return null;
  return 'build' in manifest.scripts || signs.settings.startCommand !== null ? '' : null;
}

async function seesDotnet({ files: { names } }: Signs): Promise<string | null> {
  return fileFound(names.find((name) => /\.(?:cs|fs|vb)proj$|\.slnx?$/.test(name)) ?? null);
}

async function seesStatic(signs: Signs): Promise<string | null> {
  const root = await findStaticRoot(signs.files);
  if (root === null) return null;
  return `\`${root === '' ? '' : `${root}/`}index.html\` found and nothing that builds or serves it`;
}
