import type { Preset } from './build-settings.ts';

/** What the planner decided for one checkout. The Dockerfile is complete: building needs nothing else from the plan. */
export interface BuildPlan {
  readonly preset: Exclude<Preset, 'auto'>;
  /** Who wrote the Dockerfile, where that is neither the planner nor the repository. */
  readonly builder?: 'nixpacks';
  /** What was seen and why that means this preset, one sentence each: "`package.json` with a start script found". */
  readonly explanation: readonly string[];
  /** Text of the Dockerfile to build; null for `static`, which needs no build. */
  readonly dockerfile: string | null;
  /** Stage to build; null is the last. */
  readonly target: string | null;
  /** Images the Dockerfile starts FROM, without `scratch` and its own stages. */
  readonly baseImages: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly output: BuildOutput;
  /** Directory that is sent to the build, relative to the repository's root; left out: the app's own. */
  readonly contextDirectory?: string;
}

export type BuildOutput =
  | { readonly type: 'image' }
  /** The built image holds the files under `path`; they become a bundle. */
  | { readonly type: 'image-files'; readonly path: string; readonly spa: boolean }
  /** The files are in the checkout already, under `directory` (relative to the app directory). */
  | { readonly type: 'checkout-files'; readonly directory: string; readonly spa: boolean };
