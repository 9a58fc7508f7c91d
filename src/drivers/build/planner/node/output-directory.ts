import type { BuildSettings } from '../../../../domain/build-settings.ts';
import { CutoverError } from '../../../../domain/errors.ts';
import type { AppFiles } from '../app-files.ts';
import { cleanDirectory } from '../clean-directory.ts';
import type { Manifest } from './manifest.ts';

export interface OutputDirectory {
  /** Relative to the app directory; never empty, never above it. */
  readonly directory: string;
  readonly reason: string;
}

/** Where a tool is told its directory of files. */
export interface OutputHints {
  /** Of the build script: `outDir` for `--outDir x`. */
  readonly option?: string;
  /** A configuration file, and the key of a literal in it. */
  readonly config?: { readonly file: string | null; readonly key: string };
  /** Where nothing says otherwise. */
  readonly usual: string;
}

/** The setting, the option in the build script, a literal in the configuration, else the tool's usual directory. */
export async function chooseOutputDirectory(
  app: { readonly files: AppFiles; readonly manifest: Manifest; readonly settings: BuildSettings },
  hints: OutputHints,
): Promise<OutputDirectory> {
  const { files, manifest, settings } = app;
  if (settings.outputDirectory !== null) return fromSetting(settings.outputDirectory);
  const script = settings.buildCommand ?? manifest.scripts['build'] ?? '';
  const { option, config, usual } = hints;
  const given = option === undefined ? '' : optionOf(script, option);
  if (given) return { directory: given, reason: `output in \`${given}\` from \`--${option}\`` };
  if (config !== undefined && config.file !== null) {
    const literal = cleanDirectory(literalOf((await files.read(config.file)) ?? '', config.key) ?? '');
    if (literal) return { directory: literal, reason: `output in \`${literal}\` from \`${config.file}\`` };
  }
  return { directory: usual, reason: `output in \`${usual}\`, the default` };
}

/** The text that a key has in a configuration, where it is written out and not computed; null elsewhere. */
export function literalOf(text: string, key: string): string | null {
  const pattern = new RegExp(`\\b${key}["']?\\s*:\\s*["'\`]([^"'\`$]+)["'\`]`);
  return pattern.exec(withoutComments(text))?.[1] ?? null;
}

/** Nobody writes longer configurations, and looking for patterns in what somebody else wrote must not take long. */
const longestConfig = 32 * 1024;

/** Lines and blocks of comments taken away; an address such as `https://…` stays. A text that is too long counts as empty. */
export function withoutComments(text: string): string {
  if (text.length > longestConfig) return '';
  return text.replaceAll(/\/\*[\s\S]*?(?:\*\/|$)/g, '').replaceAll(/(^|[^:"'`])\/\/.*$/gm, '$1');
}

function optionOf(script: string, option: string): string {
  const value = new RegExp(`--${option}[= ]["']?([^\\s"']+)`).exec(script)?.[1];
  return cleanDirectory(value ?? '') ?? '';
}

function fromSetting(text: string): OutputDirectory {
  const directory = cleanDirectory(text);
  if (directory) return { directory, reason: `output in \`${directory}\` from the settings` };
  throw new CutoverError(
    'invalid_input',
    `the output directory \`${text}\` is not a directory below the app directory`,
  );
}
