import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { cleanDirectory } from '../clean-directory.ts';
import { Signs } from '../signs.ts';
import { chooseBuildStep } from './build-step.ts';
import { dependencyNames } from './manifest.ts';
import { readNodeApp, type NodeApp } from './node-app.ts';
import { chooseOutputDirectory, literalOf, withoutComments } from './output-directory.ts';
import { nodePlan, serverDockerfile } from './server-image.ts';
import { sitePlan } from './site-image.ts';
import { frameworkStart } from './start-command.ts';

/** What adapter-auto looks at to take the adapter for Node, which it then fetches itself. */
const autoTakesNode = 'GCP_BUILDPACKS=true';

/** SvelteKit: the adapter decides what the build leaves. Errors: `app_not_detected` for an adapter of another platform. */
export async function planSvelteKit(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const plain = await readNodeApp(app, 'sveltekit');
  const signs = new Signs(app);
  const configs = [await signs.config('svelte.config'), await signs.config('vite.config')];
  const read = configs.map(async (file) => (file === null ? '' : withoutComments((await app.files.read(file)) ?? '')));
  const text = (await Promise.all(read)).join('\n');
  const adapter = adapterOf(text, plain);
  if (adapter === '@sveltejs/adapter-static') return files(plain, text, seen);
  if (adapter !== '@sveltejs/adapter-node' && adapter !== '@sveltejs/adapter-auto') throw foreign(adapter);
  const auto = adapter === '@sveltejs/adapter-auto';
  const node = auto && plain.workspace === null ? { ...plain, buildTool: adapterForNode(plain) } : plain;
  const directory = (auto ? '' : cleanDirectory(literalOf(text, 'out') ?? '')) || 'build';
  const usual = { command: ['node', directory], reason: `started by \`node ${directory}\`` };
  const start = await frameworkStart(node, usual);
  const build = await chooseBuildStep(node, 'vite build');
  const why = auto
    ? 'adapter-auto takes the adapter for Node, which is added; to pin its version, install `@sveltejs/adapter-node`'
    : `\`${adapter}\``;
  return nodePlan(node, {
    preset: 'sveltekit',
    explanation: [...seen, why, start.reason, ...node.reasons, ...build.reasons],
    dockerfile: serverDockerfile({
      app: node,
      build,
      start,
      buildEnvironment: auto ? [autoTakesNode] : [],
      environment: ['HOST=0.0.0.0'],
      without: ['.svelte-kit'],
    }),
    output: { type: 'image' },
  });
}

/** Of the version that goes with the app's Kit. */
function adapterForNode({ manifest: { dependencies, devDependencies } }: NodeApp): string {
  const kit = devDependencies['@sveltejs/kit'] ?? dependencies['@sveltejs/kit'] ?? '';
  const versions: Readonly<Record<string, string>> = { '1': '1', '3': '6' };
  return `@sveltejs/adapter-node@${versions[/\d+/.exec(kit)?.[0] ?? ''] ?? '5'}`;
}

/** The one that the configuration imports, else the one that is installed. */
function adapterOf(text: string, { manifest }: NodeApp): string {
  const imported = /from\s+["'](@?[\w-]+\/[\w-]*adapter[\w-]*|svelte-adapter-[\w-]+)["']/.exec(text)?.[1];
  const installed = [...dependencyNames(manifest)].find((name) => name.startsWith('@sveltejs/adapter-'));
  return imported ?? installed ?? '@sveltejs/adapter-auto';
}

async function files(node: NodeApp, text: string, seen: readonly string[]): Promise<BuildPlan> {
  return sitePlan({
    preset: 'sveltekit',
    app: node,
    seen: [...seen, '`@sveltejs/adapter-static`'],
    build: await chooseBuildStep(node, 'vite build'),
    output: await chooseOutputDirectory(node, { usual: cleanDirectory(literalOf(text, 'pages') ?? '') || 'build' }),
    spa: literalOf(text, 'fallback') === 'index.html',
  });
}

function foreign(adapter: string) {
  return notDetected(
    `the app uses \`${adapter}\`, which builds for another platform: use \`@sveltejs/adapter-node\` for a server, or \`@sveltejs/adapter-static\` for files`,
  );
}
