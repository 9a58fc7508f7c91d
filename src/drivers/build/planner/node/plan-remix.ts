import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { startMissing, type App } from '../app.ts';
import { Signs } from '../signs.ts';
import type { StartCommand } from '../start.ts';
import { chooseBuildStep, type BuildStep } from './build-step.ts';
import { isDevServer } from './dev-server.ts';
import { dependencyNames } from './manifest.ts';
import { readNodeApp, type NodeApp } from './node-app.ts';
import { chooseOutputDirectory, withoutComments } from './output-directory.ts';
import { nodePlan, serverDockerfile } from './server-image.ts';
import { sitePlan } from './site-image.ts';
import { chooseStartCommand } from './start-command.ts';

/** Remix and React Router in framework mode: a server, or files where rendering on the server is switched off. */
export async function planRemix(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'remix');
  const signs = new Signs(app);
  const router = dependencyNames(node.manifest).has('@react-router/dev');
  const vite = await signs.config('vite.config');
  const usual = router ? 'react-router build' : vite === null ? 'remix build' : 'remix vite:build';
  const build = await chooseBuildStep(node, usual);
  const configs = [await signs.config('react-router.config'), vite].filter((name) => name !== null);
  for (const name of configs) {
    const text = withoutComments((await app.files.read(name)) ?? '');
    if (/\bssr\s*:\s*false\b/.test(text)) return files(node, build, [...seen, `\`ssr: false\` in \`${name}\``]);
  }
  const start = await chooseRemixStart(node, router, vite !== null || router);
  return nodePlan(node, {
    preset: 'remix',
    explanation: [...seen, start.reason, ...node.reasons, ...build.reasons],
    dockerfile: serverDockerfile({ app: node, build, start, environment: ['HOST=0.0.0.0'] }),
    output: { type: 'image' },
  });
}

/** Errors: `start_command_missing` where neither a script nor a server package says how it starts. */
async function chooseRemixStart(app: NodeApp, router: boolean, vite: boolean): Promise<StartCommand> {
  const script = app.manifest.scripts['start'];
  const program = router ? 'react-router-serve' : 'remix-serve';
  const server = router ? '@react-router/serve' : '@remix-run/serve';
  if (script === undefined || isDevServer(script)) {
    const entry = vite ? './build/server/index.js' : './build/index.js';
    if (server in app.manifest.dependencies) {
      return { command: [program, entry], reason: `started by \`${program}\`` };
    }
    if (script !== undefined) throw noServer(server);
  }
  return chooseStartCommand(app).catch((error: unknown) => {
    throw script === undefined ? noServer(server, error) : error;
  });
}

async function files(app: NodeApp, build: BuildStep, seen: readonly string[]): Promise<BuildPlan> {
  const output = await chooseOutputDirectory(app, { usual: 'build/client' });
  return sitePlan({ preset: 'remix', app, seen, build, output, spa: true });
}

function noServer(server: string, cause?: unknown) {
  const error = startMissing(
    `nothing says how the app starts; looked for: a start script in package.json, a dependency \`${server}\``,
  );
  if (cause !== undefined) error.cause = cause;
  return error;
}
