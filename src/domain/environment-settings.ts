import { defaultHealthCheck, type HealthCheck } from './health-check.ts';
import type { ProcessSettings } from './processes.ts';
import type { VolumeSettings } from './volumes.ts';

/** What a rollout can be. */
export const rolloutStrategies = ['rolling', 'blue-green', 'canary', 'recreate'] as const;
export type RolloutStrategy = (typeof rolloutStrategies)[number];
/** What it can be set to; `auto` is decided when the rollout begins (see `chooseStrategy`). */
export const strategies = [...rolloutStrategies, 'auto'] as const;
export type Strategy = (typeof strategies)[number];

/** How much of the version that served before stays up, drained, while its successor is observed (rule 5.6). */
export const standbyKinds = ['all', 'one', 'none'] as const;
export type StandbyKind = (typeof standbyKinds)[number];

export const slowActions = ['hold', 'roll-back'] as const;

export interface RollbackSettings {
  /** Whether a version that turns out to be bad is taken back without anybody asking (rule 5.6). */
  readonly automatic: boolean;
  /** What is done when the new version is slower than the old one: hold the rollout and say so, or take it back. */
  readonly slow: (typeof slowActions)[number];
}

/** Configuration of an environment (rule 4.1). Durations in milliseconds. */
export interface EnvironmentSettings {
  readonly branch: string;
  readonly autoDeploy: boolean;
  /** A push that changes nothing under them is not deployed (rule 3.3); see `watchedPath`. None: every push is. */
  readonly watchPaths: readonly string[];
  /** Of the process `web`, like the two limits that follow. */
  readonly replicas: number;
  /** CPU limit per instance in cores. */
  readonly cpuCores: number;
  /** Memory limit per instance in MiB. */
  readonly memoryMb: number;
  /** null: the lowest port the image exposes, else 3000. */
  readonly port: number | null;
  readonly strategy: Strategy;
  /** Shares of a canary before all of the traffic, in percent, rising. */
  readonly canarySteps: readonly number[];
  /** How long the new version is compared with the old one after the switch; 0: not at all. */
  readonly observationMs: number;
  readonly standby: StandbyKind;
  readonly rollback: RollbackSettings;
  readonly drainTimeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  /** How long a request may wait in the router while `recreate` has no version running. */
  readonly holdTimeoutMs: number;
  readonly health: HealthCheck;
  /** Workers and what runs once. An entry `web` gives only its command: its replicas and limits are those above. */
  readonly processes: readonly ProcessSettings[];
  /** After which what runs once is ended and has failed. */
  readonly oneOffTimeoutMs: number;
  readonly volumes: readonly VolumeSettings[];
}

export const defaultEnvironmentSettings: EnvironmentSettings = {
  branch: 'main',
  autoDeploy: true,
  watchPaths: [],
  replicas: 1,
  cpuCores: 1,
  memoryMb: 512,
  port: null,
  strategy: 'rolling',
  canarySteps: [10, 30],
  observationMs: 900_000,
  standby: 'all',
  rollback: { automatic: true, slow: 'hold' },
  drainTimeoutMs: 30_000,
  stopGraceMs: 10_000,
  holdTimeoutMs: 30_000,
  health: defaultHealthCheck,
  processes: [],
  oneOffTimeoutMs: 600_000,
  volumes: [],
};

export const fallbackPort = 3000;

/** The setting wins, else the lowest port the image exposes, else 3000 (rule 4.1, decision 6). */
export function resolvePort(setting: number | null, exposed: readonly number[]): number {
  return setting ?? exposed[0] ?? fallbackPort;
}
