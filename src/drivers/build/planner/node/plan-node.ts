import type { BuildPlan } from '../../../../domain/build-plan.ts';
import type { App } from '../app.ts';
import { chooseBuildStep } from './build-step.ts';
import { needsInstall, readNodeApp } from './node-app.ts';
import { nodePlan, serverDockerfile } from './server-image.ts';
import { chooseStartCommand } from './start-command.ts';

/** A Node app: install, build if there is a build script, and a last stage without dev dependencies and without root. */
export async function planNode(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'node');
  const start = await chooseStartCommand(node);
  const build = await chooseBuildStep(node, null);
  const installed = needsInstall(node) ? [] : ['no dependencies to install'];
  return nodePlan(node, {
    preset: 'node',
    explanation: [...seen, start.reason, ...node.reasons, ...installed, ...build.reasons],
    dockerfile: serverDockerfile({ app: node, build, start }),
    output: { type: 'image' },
  });
}
