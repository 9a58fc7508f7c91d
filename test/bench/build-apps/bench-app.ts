import type { BuildPlan } from '../../../src/domain/build-plan.ts';
import type { BuildSettings } from '../../../src/domain/build-settings.ts';
import type { SampleFiles } from '../../harness/sample-apps.ts';
import type { LockMaker } from './lock-file.ts';

/** A small project as people have them, with packages of today pinned, that says `greeting` in one line of its source. */
export interface BenchApp {
  readonly name: string;
  /** That the planner is to find. */
  readonly preset: BuildPlan['preset'];
  readonly files: SampleFiles;
  /** Null where the app has no packages, or brings its lock file. */
  readonly lockedBy: LockMaker | null;
  readonly settings?: Partial<BuildSettings>;
  /** Where the greeting is written: the one line that is changed. */
  readonly source: string;
  /** `/` without it. */
  readonly page?: string;
  /** A file of the app's: its path, or how it is found in the page. */
  readonly asset: string | RegExp;
  /** Writes what is no text into the app's directory, before its lock file is made. */
  readonly prepare?: (directory: string) => Promise<void>;
}

export const greeting = 'Hello from the bench';
/** What the line says after it was changed. */
export const otherGreeting = 'Hello once more';
