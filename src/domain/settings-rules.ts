import { builders, presets, type BuildSettings } from './build-settings.ts';
import {
  slowActions,
  standbyKinds,
  strategies,
  type EnvironmentSettings,
  type RollbackSettings,
} from './environment-settings.ts';
import type { HealthCheck } from './health-check.ts';
import { processesProblem, volumesProblem } from './process-rules.ts';
import { variableName } from './variables.ts';
import { mostWatchPaths, watchPathProblem } from './watch-paths.ts';

/** Which setting is not acceptable, as `health.path`, and what would be. */
export interface SettingsProblem {
  readonly field: string;
  /** Completes "<field> …": "must be a whole number from 1 to 32". */
  readonly message: string;
}

/** What is wrong with a value; null where nothing is. */
type Rule = (value: unknown) => string | null;
type Rules<T> = Readonly<Record<keyof T, Rule>>;

const dayMs = 86_400_000;

const healthRules: Rules<HealthCheck> = {
  path: matching(/^\/[\x21-\x7e]{0,2047}$/, 'must begin with / and have no spaces'),
  method: oneOf(['GET', 'HEAD']),
  hostHeader: nullable(matching(/^[A-Za-z0-9.:[\]_-]{1,255}$/, 'must be a host, with or without a port')),
  statusMin: wholeNumber(100, 599),
  statusMax: wholeNumber(100, 599),
  intervalMs: wholeNumber(50, dayMs),
  timeoutMs: wholeNumber(1, dayMs),
  healthyThreshold: wholeNumber(1, 100),
  unhealthyThreshold: wholeNumber(1, 100),
  startPeriodMs: wholeNumber(0, dayMs),
};

const rollbackRules: Rules<RollbackSettings> = {
  automatic: trueOrFalse,
  slow: oneOf(slowActions),
};

/** Longer than this no visitor waits, and the router gives up (rule 5.2). */
const longestHoldMs = 30_000;

const environmentRules: Rules<EnvironmentSettings> = {
  // Which names Git takes is for whoever asks Git.
  branch: matching(/^[^\p{Cc}]{1,255}$/u, 'must be the name of a branch'),
  autoDeploy: trueOrFalse,
  watchPaths,
  replicas: wholeNumber(1, 32),
  cpuCores: number(0.05, 64),
  memoryMb: wholeNumber(16, 1_048_576),
  port: nullable(wholeNumber(1, 65_535)),
  strategy: oneOf(strategies),
  canarySteps: risingShares,
  observationMs: wholeNumber(0, dayMs),
  standby: oneOf(standbyKinds),
  rollback: object,
  drainTimeoutMs: wholeNumber(0, dayMs),
  stopGraceMs: wholeNumber(0, dayMs),
  holdTimeoutMs: wholeNumber(0, longestHoldMs),
  health: object,
  processes: list,
  oneOffTimeoutMs: wholeNumber(1_000, dayMs),
  volumes: list,
};

const buildRules: Rules<BuildSettings> = {
  builder: oneOf(builders),
  preset: oneOf(presets),
  directory: relativePath(true),
  dockerfile: relativePath(false),
  target: nullable(matching(/^[A-Za-z0-9][\w.-]{0,127}$/, 'must be the name of a stage')),
  buildEnv: environmentVariables,
  installCommand: nullable(command),
  buildCommand: nullable(command),
  startCommand: nullable(command),
  outputDirectory: nullable(relativePath(true)),
  submodules: trueOrFalse,
  lfs: trueOrFalse,
};

/** The first thing that is wrong with the settings of an environment; null when they are fine. */
export function environmentSettingsProblem(settings: EnvironmentSettings): SettingsProblem | null {
  return (
    check(settings, environmentRules, '') ??
    healthProblem(settings.health) ??
    check(settings.rollback, rollbackRules, 'rollback.') ??
    processesProblem(settings.processes) ??
    volumesProblem(settings.volumes)
  );
}

/** The first thing that is wrong with build settings; null when they are fine. */
export function buildSettingsProblem(build: BuildSettings): SettingsProblem | null {
  return check(build, buildRules, 'build.');
}

function healthProblem(health: HealthCheck): SettingsProblem | null {
  const problem = check(health, healthRules, 'health.');
  if (problem !== null) return problem;
  if (health.statusMin <= health.statusMax) return null;
  return { field: 'health.statusMax', message: 'must not be below health.statusMin' };
}

function check<T extends object>(values: T, rules: Rules<T>, prefix: string): SettingsProblem | null {
  const byName: Readonly<Record<string, Rule>> = rules;
  for (const [name, value] of Object.entries(values)) {
    const rule = Object.hasOwn(byName, name) ? byName[name] : undefined;
    const message = rule === undefined ? 'is not a setting' : rule(value);
    if (message !== null) return { field: `${prefix}${name}`, message };
  }
  const missing = Object.keys(byName).find((name) => !Object.hasOwn(values, name));
  return missing === undefined ? null : { field: `${prefix}${missing}`, message: 'is missing' };
}

function number(min: number, max: number): Rule {
  return (value) =>
    typeof value === 'number' && value >= min && value <= max ? null : `must be a number from ${min} to ${max}`;
}

function wholeNumber(min: number, max: number): Rule {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
      ? null
      : `must be a whole number from ${min} to ${max}`;
}

const mostSteps = 10;

/** Shares of a canary before all of the traffic, in percent. */
function risingShares(value: unknown): string | null {
  const rising =
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= mostSteps &&
    value.every((share, at) => wholeNumber(1, 99)(share) === null && (at === 0 || share > value[at - 1]));
  return rising ? null : `must be 1 to ${mostSteps} whole numbers from 1 to 99, rising`;
}

function watchPaths(value: unknown): string | null {
  const patterns: readonly unknown[] | null = Array.isArray(value) ? value : null;
  if (patterns === null || patterns.length > mostWatchPaths)
    return `must be a list of at most ${mostWatchPaths} patterns`;
  for (const pattern of patterns) {
    const problem = typeof pattern === 'string' ? watchPathProblem(pattern) : 'must be texts';
    if (problem !== null) return problem;
  }
  return null;
}

function object(value: unknown): string | null {
  return isRecord(value) ? null : 'must be an object';
}

function list(value: unknown): string | null {
  return Array.isArray(value) ? null : 'must be a list';
}

function trueOrFalse(value: unknown): string | null {
  return typeof value === 'boolean' ? null : 'must be true or false';
}

function oneOf(allowed: readonly string[]): Rule {
  return (value) =>
    typeof value === 'string' && allowed.includes(value) ? null : `must be one of ${allowed.join(', ')}`;
}

function matching(pattern: RegExp, message: string): Rule {
  return (value) => (typeof value === 'string' && pattern.test(value) ? null : message);
}

function nullable(rule: Rule): Rule {
  return (value) => (value === null ? null : rule(value));
}

function relativePath(mayBeEmpty: boolean): Rule {
  return (value) => {
    if (value === '' && mayBeEmpty) return null;
    const legal =
      typeof value === 'string' &&
      /^[^\p{Cc}\\]{1,1024}$/u.test(value) &&
      !/^[/-]/.test(value) &&
      !value.split('/').includes('..');
    return legal ? null : 'must be a path inside the repository';
  };
}

function command(value: unknown): string | null {
  const legal = typeof value === 'string' && value.trim() !== '' && value.length <= 4_096 && !/[\0\r\n]/.test(value);
  return legal ? null : 'must be one line of at most 4,096 characters';
}

function environmentVariables(value: unknown): string | null {
  if (!isRecord(value)) return 'must be an object of names and values';
  const bad = Object.entries(value).find(([name, text]) => !variableName.test(name) || !isValue(text));
  return bad === undefined ? null : `has "${bad[0]}", which is not a legal name with a text as its value`;
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 32_768 && !value.includes('\0');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
