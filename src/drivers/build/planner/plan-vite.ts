import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import type { AppFiles } from './app-files.ts';
import { installStage, sourceFirstReason, type NodeApp } from './install-stage.ts';
import { readManifest } from './manifest.ts';
import { chooseOutputDirectory, type OutputDirectory } from './output-directory.ts';
import { buildStep, noManifest, readNodeApp } from './plan-node.ts';

/** Where the last stage holds the built files. */
const sitePath = '/site';

/** A Vite app without a server: built on Node; only the files are kept, and served with `index.html` for unknown paths. */
export async function planVite(files: AppFiles, settings: BuildSettings, seen: readonly string[]): Promise<BuildPlan> {
  const manifest = await readManifest(files);
  if (manifest === null) throw noManifest('vite');
  const { app, reasons } = await readNodeApp(files, manifest, settings);
  const output = await chooseOutputDirectory(files, manifest, settings);
  return {
    preset: 'vite',
    explanation: [...seen, ...reasons, output.reason],
    dockerfile: viteLines(app, output).join('\n'),
    target: null,
    baseImages: [app.image],
    buildArgs: settings.buildEnv,
    output: { type: 'image-files', path: sitePath, spa: true },
  };
}

function viteLines(app: NodeApp, output: OutputDirectory): readonly string[] {
  const missing = `echo "the build left no directory ${output.directory}: set the output directory" >&2; exit 1`;
  return [
    ...installStage(app, false),
    '',
    'FROM install AS build',
    ...(sourceFirstReason(app) === null ? ['COPY . .'] : []),
    `RUN ${buildStep(app) ?? 'npx vite build'}`,
    `RUN ${JSON.stringify(['sh', '-c', `[ -d "${output.directory}" ] || { ${missing}; }`])}`,
    '',
    'FROM scratch',
    `COPY --from=build ${JSON.stringify([`/app/${output.directory}/`, `${sitePath}/`])}`,
    '',
  ];
}
