import type { BuildOutput, BuildPlan } from '../domain/build-plan.ts';

export type { BuildOutput };

/** What `cutover build plan --json` prints: the plan of a deployment, and where it was made for. */
export interface BuildPlanReport extends BuildPlan {
  /** Of the app in its repository; '' is the root. */
  readonly directory: string;
  /** The rules that were tried, in order, up to the one that fitted; only with `--explain`. */
  readonly rules?: readonly TriedRule[];
}

export interface TriedRule {
  readonly preset: string;
  /** "a `next.config` file or a dependency `next`" */
  readonly looksFor: string;
  /** What fitted; null: nothing did. */
  readonly seen: string | null;
}
