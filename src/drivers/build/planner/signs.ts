import type { BuildSettings } from '../../../domain/build-settings.ts';
import type { App } from './app.ts';
import type { AppFiles } from './app-files.ts';
import { dependencyNames, readManifest, type Manifest } from './node/manifest.ts';

const scriptEndings = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts'];

/** What the rules look at in an app. Each file is read once, and only when a rule asks. */
export class Signs {
  readonly files: AppFiles;
  readonly settings: BuildSettings;
  #manifest: Promise<Manifest | null> | null = null;

  constructor({ files, settings }: Pick<App, 'files' | 'settings'>) {
    this.files = files;
    this.settings = settings;
  }

  /** package.json; null when there is none. Errors: `app_not_detected` when it is not a JSON object. */
  manifest(): Promise<Manifest | null> {
    this.#manifest ??= readManifest(this.files);
    return this.#manifest;
  }

  /** The first of these names that is a file. */
  async file(...names: readonly string[]): Promise<string | null> {
    for (const name of names) if (await this.files.isFile(name)) return name;
    return null;
  }

  /** A configuration such as `vite.config`, by whichever ending it has. */
  config(name: string): Promise<string | null> {
    return this.file(...scriptEndings.map((ending) => `${name}.${ending}`));
  }

  /** The first of these packages that package.json names in any group. */
  async dependency(...names: readonly string[]): Promise<string | null> {
    const manifest = await this.manifest();
    if (manifest === null) return null;
    const known = dependencyNames(manifest);
    return names.find((name) => known.has(name)) ?? null;
  }
}

/** How a rule says that a file decided. */
export function fileFound(name: string | null): string | null {
  return name === null ? null : `\`${name}\` found`;
}

/** How a rule says that a package decided. */
export function dependencyFound(name: string | null): string | null {
  return name === null ? null : `dependency \`${name}\` in package.json`;
}
