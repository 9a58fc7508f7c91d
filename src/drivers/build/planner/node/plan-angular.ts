import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { cleanDirectory } from '../clean-directory.ts';
import { memberOf, parseJson, textOf } from '../plain-data.ts';
import { chooseBuildStep } from './build-step.ts';
import { readNodeApp, type NodeApp } from './node-app.ts';
import { chooseOutputDirectory } from './output-directory.ts';
import { nodePlan, serverDockerfile } from './server-image.ts';
import { sitePlan } from './site-image.ts';
import { frameworkStart } from './start-command.ts';

interface AngularProject {
  readonly name: string;
  /** Where the pages are. */
  readonly browser: string;
  /** Entry of the server that renders them; null: there is none. */
  readonly server: string | null;
}

/** Angular: the project of angular.json that is an application; files, or its server where it renders on one. */
export async function planAngular(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const node = await readNodeApp(app, 'angular');
  const project = await readProject(node);
  const build = await chooseBuildStep(node, `ng build ${project.name}`);
  const named = [...seen, `project \`${project.name}\``];
  if (project.server === null) {
    const output = await chooseOutputDirectory(node, { option: 'output-path', usual: project.browser });
    return sitePlan({
      preset: 'angular',
      app: node,
      seen: named,
      build,
      output,
      spa: true,
      buildEnvironment: ['NG_CLI_ANALYTICS=false'],
      caches: ['.angular/cache'],
    });
  }
  const usual = { command: ['node', project.server], reason: `rendered on the server, by \`node ${project.server}\`` };
  const start = await frameworkStart(node, usual);
  return nodePlan(node, {
    preset: 'angular',
    explanation: [...named, start.reason, ...node.reasons, ...build.reasons],
    dockerfile: serverDockerfile({
      app: node,
      build,
      start,
      buildEnvironment: ['NG_CLI_ANALYTICS=false'],
      caches: ['.angular/cache'],
      without: ['.angular'],
    }),
    output: { type: 'image' },
  });
}

async function readProject({ files, manifest }: NodeApp): Promise<AngularProject> {
  const text = await files.read('angular.json');
  if (text === null) throw notDetected('the preset is angular, but there is no angular.json in the app directory');
  const parsed = parseJson(text, 'angular.json');
  const projects = memberOf(parsed, 'projects');
  const all = typeof projects === 'object' && projects !== null ? Object.entries(projects) : [];
  const applications = all.filter(([, project]) => memberOf(project, 'projectType') !== 'library');
  const wanted = textOf(memberOf(parsed, 'defaultProject')) ?? manifest.name;
  const [name, project] = applications.find(([candidate]) => candidate === wanted) ?? applications[0] ?? [];
  if (name === undefined || !/^[\w@./-]+$/.test(name)) throw notDetected('angular.json has no application');
  return describeProject(name, project);
}

/** The application builder puts pages below `browser`; older ones right into the output path. */
function describeProject(name: string, project: unknown): AngularProject {
  const target = memberOf(memberOf(project, 'architect') ?? memberOf(project, 'targets'), 'build');
  const options = memberOf(target, 'options');
  const path = memberOf(options, 'outputPath');
  const base = cleanDirectory(textOf(path) ?? textOf(memberOf(path, 'base')) ?? '') || `dist/${name}`;
  const newer = (textOf(memberOf(target, 'builder')) ?? '').endsWith(':application');
  const browser = memberOf(path, 'browser');
  const below = typeof browser === 'string' ? cleanDirectory(browser) : 'browser';
  const renders =
    newer && (memberOf(options, 'ssr') ?? false) !== false && memberOf(options, 'outputMode') !== 'static';
  return {
    name,
    browser: newer && below ? `${base}/${below}` : base,
    server: renders ? `${base}/server/server.mjs` : null,
  };
}
