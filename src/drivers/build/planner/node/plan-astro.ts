import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { cleanDirectory } from '../clean-directory.ts';
import { Signs } from '../signs.ts';
import { chooseBuildStep } from './build-step.ts';
import { readNodeApp } from './node-app.ts';
import { chooseOutputDirectory, literalOf, withoutComments } from './output-directory.ts';
import { nodePlan, serverDockerfile } from './server-image.ts';
import { sitePlan } from './site-image.ts';
import { frameworkStart } from './start-command.ts';

const telemetryOff = 'ASTRO_TELEMETRY_DISABLED=1';

/** Astro: files, or a server where the configuration names the adapter for Node. Errors: `app_not_detected` for another adapter. */
export async function planAstro(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'astro');
  const file = await new Signs(app).config('astro.config');
  const text = withoutComments(file === null ? '' : ((await app.files.read(file)) ?? ''));
  const adapter =
    /from\s+["'](@astrojs\/(?:node|vercel|netlify|cloudflare|deno)|[\w@/-]*astro[\w-]*adapter[\w-]*)(?:\/[\w-]+)?["']/.exec(
      text,
    )?.[1] ?? null;
  const build = await chooseBuildStep(node, 'astro build');
  if (adapter === null) {
    const output = await chooseOutputDirectory(node, {
      option: 'outDir',
      config: { file, key: 'outDir' },
      usual: 'dist',
    });
    return sitePlan({
      preset: 'astro',
      app: node,
      seen: [...seen, 'no adapter, so files'],
      build,
      output,
      spa: false,
      buildEnvironment: [telemetryOff],
      caches: ['node_modules/.astro'],
    });
  }
  if (adapter !== '@astrojs/node') throw foreign(adapter);
  const directory = cleanDirectory(literalOf(text, 'outDir') ?? '') || 'dist';
  const entry = `./${directory}/server/entry.mjs`;
  const start = await frameworkStart(node, { command: ['node', entry], reason: `started by \`node ${entry}\`` });
  return nodePlan(node, {
    preset: 'astro',
    explanation: [...seen, `\`${adapter}\` in \`${file}\``, start.reason, ...node.reasons, ...build.reasons],
    dockerfile: serverDockerfile({
      app: node,
      build,
      start,
      buildEnvironment: [telemetryOff],
      caches: ['node_modules/.astro'],
      environment: ['HOST=0.0.0.0'],
    }),
    output: { type: 'image' },
  });
}

function foreign(adapter: string) {
  return notDetected(
    `astro.config uses \`${adapter}\`, which builds for another platform: use \`@astrojs/node\` for a server, or no adapter for files`,
  );
}
