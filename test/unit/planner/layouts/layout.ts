import type { BuildSettings } from '../../../../src/domain/build-settings.ts';
import type { SampleFiles } from '../../../harness/sample-apps.ts';

/** The files of a repository, as far as a planner can care, and how its project is set. */
export interface Layout {
  readonly files: SampleFiles;
  readonly settings?: Partial<BuildSettings>;
}

/** By the name of the golden file. */
export type Layouts = Readonly<Record<string, Layout>>;

/** A package.json: scripts, dependencies, and whatever else. */
export function manifest(
  scripts: Readonly<Record<string, string>>,
  dependencies: readonly string[],
  rest: object = {},
): object {
  return { name: 'app', private: true, scripts, dependencies: latest(dependencies), ...rest };
}

export function latest(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, '*']));
}

export const npmLock = { 'package-lock.json': { lockfileVersion: 3 } };
export const pnpmLock = { 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n" };
