import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { chooseBuildStep } from './build-step.ts';
import { dependencyNames } from './manifest.ts';
import { readNodeApp } from './node-app.ts';
import { chooseOutputDirectory } from './output-directory.ts';
import { siteGenerators, type SiteGenerator } from './site-generators.ts';
import { sitePlan } from './site-image.ts';

/** Any tool that leaves files: a known generator, or a build of the app's own whose output directory is set. */
export async function planSite(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'site');
  const packages = dependencyNames(node.manifest);
  const generator = siteGenerators.find(({ dependency }) => packages.has(dependency)) ?? null;
  if (generator === null && app.settings.outputDirectory === null) throw unknownGenerator();
  const build = await chooseBuildStep(node, generator?.build ?? null);
  if (build.lines.length === 0)
    throw notDetected('nothing builds the site: add a build script, or set the build command');
  return sitePlan({
    preset: 'site',
    app: node,
    seen: [...seen, ...(generator === null ? [] : [`built by ${generator.name}`])],
    build,
    output: await chooseOutputDirectory(node, {
      option: optionOf(generator),
      usual: usualOutput(node.manifest.scripts, generator),
    }),
    spa: generator?.spa ?? false,
    buildEnvironment: generator?.environment ?? [],
    caches: generator?.caches ?? [],
  });
}

/** Docusaurus: pages of its own for every path, so unknown ones are not found. */
export async function planDocusaurus(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'docusaurus');
  return sitePlan({
    preset: 'docusaurus',
    app: node,
    seen,
    build: await chooseBuildStep(node, 'docusaurus build'),
    output: await chooseOutputDirectory(node, { option: 'out-dir', usual: 'build' }),
    spa: false,
  });
}

function optionOf(generator: SiteGenerator | null): string {
  return generator?.dependency === '@11ty/eleventy'
    ? 'output'
    : generator?.dependency === 'parcel'
      ? 'dist-dir'
      : 'dest';
}

/** VitePress builds below the directory that its script names. */
function usualOutput(scripts: Readonly<Record<string, string>>, generator: SiteGenerator | null): string {
  if (generator === null) return 'dist';
  const below = /\bvitepress build ([\w./-]+)/.exec(scripts['build'] ?? scripts['docs:build'] ?? '')?.[1];
  return generator.dependency === 'vitepress' && below !== undefined
    ? `${below}/${generator.output}`
    : generator.output;
}

function unknownGenerator() {
  const known = siteGenerators.map(({ dependency }) => dependency).join(', ');
  return notDetected(
    `no site generator was found in package.json; looked for: ${known}. Set the output directory to use the build script of the app`,
  );
}
