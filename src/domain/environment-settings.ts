import { defaultHealthCheck, type HealthCheck } from './health-check.ts';

export const strategies = ['rolling', 'blue-green'] as const;
export type Strategy = (typeof strategies)[number];

/** Configuration of an environment (rule 4.1). Durations in milliseconds. */
export interface EnvironmentSettings {
  readonly branch: string;
  readonly autoDeploy: boolean;
  readonly replicas: number;
  /** CPU limit per instance in cores. */
  readonly cpuCores: number;
  /** Memory limit per instance in MiB. */
  readonly memoryMb: number;
  /** null: the lowest port the image exposes, else 3000. */
  readonly port: number | null;
  readonly strategy: Strategy;
  readonly drainTimeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  readonly health: HealthCheck;
}

export const defaultEnvironmentSettings: EnvironmentSettings = {
  branch: 'main',
  autoDeploy: true,
  replicas: 1,
  cpuCores: 1,
  memoryMb: 512,
  port: null,
  strategy: 'rolling',
  drainTimeoutMs: 30_000,
  stopGraceMs: 10_000,
  health: defaultHealthCheck,
};

export const fallbackPort = 3000;

/** The setting wins, else the lowest port the image exposes, else 3000 (rule 4.1, decision 6). */
export function resolvePort(setting: number | null, exposed: readonly number[]): number {
  return setting ?? exposed[0] ?? fallbackPort;
}
