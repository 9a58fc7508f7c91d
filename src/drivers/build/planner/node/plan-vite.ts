import type { BuildPlan } from '../../../../domain/build-plan.ts';
import type { App } from '../app.ts';
import { Signs } from '../signs.ts';
import { chooseBuildStep } from './build-step.ts';
import { readNodeApp } from './node-app.ts';
import { chooseOutputDirectory } from './output-directory.ts';
import { sitePlan } from './site-image.ts';

/** A Vite app without a server: built on Node; only the files are kept, and served with `index.html` for unknown paths. */
export async function planVite(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'vite');
  const file = await new Signs(app).config('vite.config');
  return sitePlan({
    preset: 'vite',
    app: node,
    seen,
    build: await chooseBuildStep(node, 'vite build'),
    output: await chooseOutputDirectory(node, { option: 'outDir', config: { file, key: 'outDir' }, usual: 'dist' }),
    spa: true,
  });
}
