import type { BuildPlan } from '../../../domain/build-plan.ts';
import { defaultBuildSettings, type BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { AppFiles } from './app-files.ts';
import { dependencyNames, readManifest, type Manifest } from './manifest.ts';
import { findEntry } from './start-command.ts';

export interface Detection {
  readonly preset: BuildPlan['preset'];
  readonly explanation: readonly string[];
}

const viteConfigs = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts'].map((ending) => `vite.config.${ending}`);
const staticRoots = ['', 'public', 'dist'];

/** Packages that answer requests themselves; with one of these, Vite is only a tool of the app. */
const serverPackages =
  /^(?:express|fastify|koa|hono|@hono\/node-server|h3|polka|restify|@hapi\/hapi|@nestjs\/core|next|nuxt|astro|vinxi|@sveltejs\/kit|@remix-run\/(?:node|serve|express)|@react-router\/(?:node|serve|express)|@solidjs\/start|@tanstack\/(?:react|solid)-start)$/;

/** Files of languages the planner will know one day, named so that nobody has to guess why they were passed over. */
const notYetKnown: readonly (readonly [file: string, name: string])[] = [
  ['requirements.txt', 'Python'],
  ['pyproject.toml', 'Python'],
  ['Pipfile', 'Python'],
  ['go.mod', 'Go'],
  ['Cargo.toml', 'Rust'],
  ['Gemfile', 'Ruby'],
  ['composer.json', 'PHP'],
  ['pom.xml', 'Java'],
  ['deno.json', 'Deno'],
];

/** The first rule of the table (rule 3.1) that fits. Errors: `app_not_detected` with what was looked for. */
export async function detect(files: AppFiles, settings: BuildSettings): Promise<Detection> {
  const { dockerfile } = settings;
  if (dockerfile !== defaultBuildSettings.dockerfile || (await files.isFile(dockerfile))) {
    return { preset: 'dockerfile', explanation: [`\`${dockerfile}\` found`] };
  }
  const manifest = await readManifest(files);
  const found = manifest === null ? null : await detectNodeApp(files, manifest, settings);
  if (found !== null) return found;
  const root = await findStaticRoot(files);
  if (root === null) throw notDetected(files, dockerfile);
  const seen = `\`${root === '' ? '' : `${root}/`}index.html\` found and nothing that builds or serves it`;
  return { preset: 'static', explanation: [seen] };
}

/** Directory (relative to the app's) that has an index.html; null when there is none. */
export async function findStaticRoot(files: AppFiles): Promise<string | null> {
  for (const root of staticRoots) {
    if (await files.isFile(root === '' ? 'index.html' : `${root}/index.html`)) return root;
  }
  return null;
}

export async function findViteConfig(files: AppFiles): Promise<string | null> {
  for (const name of viteConfigs) if (await files.isFile(name)) return name;
  return null;
}

async function detectVite(files: AppFiles, manifest: Manifest): Promise<Detection | null> {
  const config = await findViteConfig(files);
  const scripted = dependencyNames(manifest).has('vite') && /\bvite build\b/.test(manifest.scripts['build'] ?? '');
  if (config === null && !scripted) return null;
  const signal = config === null ? 'a build script that runs `vite build`' : `\`${config}\` found`;
  const server = serverSign(manifest);
  if (server === null) return { preset: 'vite', explanation: [`${signal}, and no server`] };
  return { preset: 'node', explanation: [`${signal}, but the app has a server (${server}), so it runs on Node`] };
}

/** What shows that the app answers requests itself; null when nothing does. */
function serverSign(manifest: Manifest): string | null {
  const start = manifest.scripts['start'];
  const previewOnly = /^(?:npx )?(?:vite|serve|http-server)\b|^(?:npm|pnpm|yarn)(?: run)? (?:dev|preview)\b/;
  if (start !== undefined && !previewOnly.test(start.trim())) return `start script \`${start}\``;
  const name = Object.keys(manifest.dependencies).find((dependency) => serverPackages.test(dependency));
  return name === undefined ? null : `dependency \`${name}\``;
}

/** A manifest that neither builds nor starts anything (only tools) leaves room for static files beside it. */
async function detectNodeApp(files: AppFiles, manifest: Manifest, settings: BuildSettings): Promise<Detection | null> {
  const vite = await detectVite(files, manifest);
  if (vite !== null) return vite;
  const node: Detection = { preset: 'node', explanation: [] };
  if ('start' in manifest.scripts || 'build' in manifest.scripts || settings.startCommand !== null) return node;
  if ((await findEntry(files, manifest)) !== null) return node;
  return (await findStaticRoot(files)) === null ? node : null;
}

function notDetected(files: AppFiles, dockerfile: string): CutoverError {
  const looked = [dockerfile, 'vite.config.*', 'package.json', 'index.html', 'public/index.html', 'dist/index.html'];
  const foreign = notYetKnown.find(([file]) => files.names.includes(file));
  const hint =
    foreign === undefined ? '' : `; \`${foreign[0]}\` is there, but ${foreign[1]} is not known yet: add a Dockerfile`;
  return new CutoverError(
    'app_not_detected',
    `nothing that can be deployed was found; looked for: ${looked.join(', ')}${hint}`,
  );
}
