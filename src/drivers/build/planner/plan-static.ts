import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { App } from './app.ts';
import type { AppFiles } from './app-files.ts';
import { findStaticRoot } from './rules.ts';
import { cleanDirectory } from './clean-directory.ts';

/** Files that are served as they are: nothing to build. */
export async function planStatic({ files, settings }: App, seen: readonly string[]): Promise<BuildPlan> {
  const directory = await chooseDirectory(files, settings);
  const named = directory === '' ? 'the app directory' : `\`${directory}\``;
  const why = settings.outputDirectory === null ? '' : ', from the settings';
  return {
    preset: 'static',
    explanation: [...seen, `files of ${named} are served as they are${why}`],
    dockerfile: null,
    target: null,
    baseImages: [],
    buildArgs: {},
    output: { type: 'checkout-files', directory, spa: false },
  };
}

async function chooseDirectory(files: AppFiles, settings: BuildSettings): Promise<string> {
  if (settings.outputDirectory !== null) {
    const directory = cleanDirectory(settings.outputDirectory);
    if (directory !== null && (await files.isDirectory(directory === '' ? '.' : directory))) return directory;
    throw new CutoverError(
      'directory_not_found',
      `the output directory \`${settings.outputDirectory}\` is not in the app directory, or leads out of the checkout`,
    );
  }
  const root = await findStaticRoot(files);
  if (root !== null) return root;
  throw new CutoverError(
    'app_not_detected',
    'no static files were found; looked for: index.html, public/index.html, dist/index.html',
  );
}
