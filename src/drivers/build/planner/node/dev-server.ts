import { dependencyNames, type Manifest } from './manifest.ts';

/** Packages that answer requests themselves; with one of these, a bundler is only a tool of the app. */
const serverPackages =
  /^(?:express|fastify|koa|hono|@hono\/node-server|h3|polka|restify|@hapi\/hapi|@nestjs\/core|next|nuxt|astro|vinxi|nitro|nitropack|@sveltejs\/kit|@remix-run\/(?:node|serve|express)|@react-router\/(?:node|serve|express)|@solidjs\/start|@tanstack\/(?:react|solid)-start)$/;

/** Start scripts that are for whoever works on the app: a server that builds on the fly, or one that shows what was built. */
const devServer = new RegExp(
  [
    String.raw`^(?:npx )?(?:vite|serve|http-server|live-server|vitepress|parcel|webpack-dev-server)(?= |$)`,
    String.raw`^(?:npx )?(?:react-scripts|react-app-rewired|craco|docusaurus|preact|rsbuild) (?:start|dev|preview)\b`,
    String.raw`^(?:npx )?(?:ng|ember|gatsby|vue-cli-service|gridsome) (?:serve|s|develop)\b`,
    String.raw`^(?:npx )?nest start\b`,
    String.raw`^(?:npx )?(?:eleventy|@11ty/eleventy)\b.*--serve\b`,
    String.raw`^(?:npx )?(?:next|nuxt|nuxi|astro|remix|react-router|webpack|hexo) (?:dev|preview|serve|server|vite:dev)\b`,
    String.raw`^(?:npm|pnpm|yarn|bun)(?: run)? (?:dev|develop|preview|serve)\b`,
  ].join('|'),
);

/** True for a script that no visitor is meant to reach. */
export function isDevServer(script: string): boolean {
  return devServer.test(script.trim());
}

/** The start script, unless it is one for development. */
export function productionStart(manifest: Manifest): string | null {
  const start = manifest.scripts['start'];
  return start === undefined || isDevServer(start) ? null : start;
}

/** What shows that the app answers requests itself; null when nothing does. */
export function serverSign(manifest: Manifest): string | null {
  const start = productionStart(manifest);
  if (start !== null) return `start script \`${start}\``;
  const name = Object.keys(manifest.dependencies).find((dependency) => serverPackages.test(dependency));
  return name === undefined ? null : `dependency \`${name}\``;
}

/** True where Vite builds the app, by its configuration or by the build script. */
export function buildsWithVite(manifest: Manifest | null, config: string | null): boolean {
  if (config !== null) return true;
  return manifest !== null && dependencyNames(manifest).has('vite') && runsViteBuild(manifest);
}

function runsViteBuild(manifest: Manifest): boolean {
  return /\bvite build\b/.test(manifest.scripts['build'] ?? '');
}
