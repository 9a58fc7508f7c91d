import type { BuildPlan } from '../../../../domain/build-plan.ts';
import type { App } from '../app.ts';
import { Signs } from '../signs.ts';
import { chooseBuildStep } from './build-step.ts';
import { readNodeApp, type NodeApp } from './node-app.ts';
import { outputDockerfile } from './output-image.ts';
import { chooseOutputDirectory, withoutComments } from './output-directory.ts';
import { nodePlan, serverDockerfile, type ServerImage } from './server-image.ts';
import { sitePlan } from './site-image.ts';
import { frameworkStart } from './start-command.ts';

const nitroServer = '.output/server/index.mjs';
const usualStart = { command: ['node', nitroServer], reason: `started by \`node ${nitroServer}\`` };
const telemetryOff = 'NUXT_TELEMETRY_DISABLED=1';

/** Nuxt: files where it generates them, else Nitro's server, which holds all it needs. Nuxt 2 keeps its packages. */
export async function planNuxt(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'nuxt');
  const generates = /\bnuxi? generate\b|\bnuxt generate\b/.test(
    app.settings.buildCommand ?? node.manifest.scripts['build'] ?? '',
  );
  if (generates) return generated(node, app, seen);
  const old = /^[\^~]?2\b/.test(node.manifest.dependencies['nuxt'] ?? node.manifest.devDependencies['nuxt'] ?? '');
  const usual = old ? { command: ['nuxt', 'start'], reason: 'started by `nuxt start`' } : usualStart;
  const image: ServerImage = {
    app: node,
    build: await chooseBuildStep(node, 'nuxt build'),
    buildEnvironment: [telemetryOff, 'NITRO_PRESET=node-server'],
    environment: ['HOST=0.0.0.0'],
    start: await frameworkStart(node, usual),
  };
  const alone = !old && image.start.command.join(' ').replace(' ./', ' ') === `node ${nitroServer}`;
  return nodePlan(node, {
    preset: 'nuxt',
    explanation: [...seen, image.start.reason, ...node.reasons, ...image.build.reasons],
    dockerfile: alone ? outputDockerfile(image, '.output') : serverDockerfile(image),
    output: { type: 'image' },
  });
}

async function generated(node: NodeApp, app: App, seen: readonly string[]): Promise<BuildPlan> {
  const file = await new Signs(app).config('nuxt.config');
  const text = withoutComments(file === null ? '' : ((await app.files.read(file)) ?? ''));
  return sitePlan({
    preset: 'nuxt',
    app: node,
    seen: [...seen, 'the build script generates files'],
    build: await chooseBuildStep(node, 'nuxt generate'),
    output: await chooseOutputDirectory(node, { usual: '.output/public' }),
    spa: /\bssr\s*:\s*false\b/.test(text),
    buildEnvironment: [telemetryOff],
  });
}
