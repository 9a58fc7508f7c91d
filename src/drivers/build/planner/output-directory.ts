import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { AppFiles } from './app-files.ts';
import { findViteConfig } from './detect.ts';
import type { Manifest } from './manifest.ts';

export interface OutputDirectory {
  /** Relative to the app directory; never empty, never above it. */
  readonly directory: string;
  readonly reason: string;
}

/** Where Vite puts its files: the setting, `--outDir` in the build script, a literal `outDir` in its configuration, else dist. */
export async function chooseOutputDirectory(
  files: AppFiles,
  manifest: Manifest,
  settings: BuildSettings,
): Promise<OutputDirectory> {
  if (settings.outputDirectory !== null) {
    const directory = cleanDirectory(settings.outputDirectory);
    if (directory) return { directory, reason: `output in \`${directory}\` from the settings` };
    throw new CutoverError(
      'invalid_input',
      `the output directory \`${settings.outputDirectory}\` is not a directory below the app directory`,
    );
  }
  const script = settings.buildCommand ?? manifest.scripts['build'] ?? '';
  const fromScript = cleanDirectory(/--outDir[= ]["']?([^\s"']+)/.exec(script)?.[1] ?? '');
  if (fromScript) return { directory: fromScript, reason: `output in \`${fromScript}\` from \`--outDir\`` };
  const config = await findViteConfig(files);
  const text = config === null ? '' : ((await files.read(config)) ?? '');
  const fromConfig = cleanDirectory(/^[^/\n]*\boutDir\s*:\s*["'`]([^"'`$]+)["'`]/m.exec(text)?.[1] ?? '');
  if (fromConfig) return { directory: fromConfig, reason: `output in \`${fromConfig}\` from \`${config}\`` };
  return { directory: 'dist', reason: 'output in `dist`, the default' };
}

/**
 * A relative path in its shortest form ('' is the directory itself); null for one that leads out or that a Dockerfile would
 * read as something else than a name.
 */
export function cleanDirectory(text: string): string | null {
  if (!/^[\w@.+ /-]*$/.test(text) || text.startsWith('/')) return null;
  const parts = text
    .trim()
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}
