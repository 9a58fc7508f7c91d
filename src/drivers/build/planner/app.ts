import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { AppFiles, Checkout } from './app-files.ts';

/** One app of a checkout, and how its project wants it built. */
export interface App {
  readonly checkout: Checkout;
  /** The app's directory. */
  readonly files: AppFiles;
  readonly settings: BuildSettings;
}

/** Makes a plan of one preset; `seen` says why it is this one. */
export type PlanPreset = (app: App, seen: readonly string[]) => Promise<BuildPlan>;

export function notDetected(message: string): CutoverError {
  return new CutoverError('app_not_detected', message);
}

export function startMissing(message: string): CutoverError {
  return new CutoverError('start_command_missing', message);
}
