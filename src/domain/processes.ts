/**
 * A named command of the artifact (rules 4.1, 5.3, 5.8). `web` gets traffic; every other long-running name is a kind of worker
 * and gets none; `release` and `contract` run once. Durations in milliseconds, memory in MiB and CPU in cores per instance.
 */
export interface ProcessSettings {
  /** `web`, `release`, `contract`, or the name of a worker kind. */
  readonly name: string;
  /** Argument vector; null: what the image itself starts. */
  readonly command: readonly string[] | null;
  /** How many run side by side; 1 for what runs once. */
  readonly replicas: number;
  readonly cpuCores: number;
  readonly memoryMb: number;
  /** How a worker proves itself; null: it must stay up for `stayUpMs`. */
  readonly check: ExecCheck | null;
  readonly stayUpMs: number;
}

/** A command that is run inside the instance; exit code 0 is healthy (rule 5.1). The thresholds mean what they mean for HTTP. */
export interface ExecCheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly startPeriodMs: number;
}

export const defaultExecCheck: Omit<ExecCheck, 'command'> = {
  intervalMs: 5_000,
  timeoutMs: 3_000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  startPeriodMs: 30_000,
};

/** The start period of rule 5.1: what a worker without a check must survive. */
export const defaultStayUpMs = 30_000;

/** Runs once in the new image before any traffic; its failure stops the deployment. */
export const releaseProcess = 'release';
/** Runs once, only after the observation has passed. */
export const contractProcess = 'contract';
/** The one that gets traffic. */
export const webProcess = 'web';

/** The name becomes part of container names and labels; Procfiles have underscores in theirs. */
export const processName = /^[a-z](?:[a-z0-9_-]{0,28}[a-z0-9])?$/;

export type ProcessKind = 'web' | 'worker' | 'release' | 'contract';

export function processKind(name: string): ProcessKind {
  return name === webProcess || name === releaseProcess || name === contractProcess ? name : 'worker';
}

/** Stays up for as long as its deployment serves. */
export function isLongRunning({ name }: Pick<ProcessSettings, 'name'>): boolean {
  return !isOneOff({ name });
}

/** Runs to its end once. */
export function isOneOff({ name }: Pick<ProcessSettings, 'name'>): boolean {
  const kind = processKind(name);
  return kind === 'release' || kind === 'contract';
}

/** `web` and the workers, `web` first: the order in which they are started and shown. */
export function longRunningProcesses(processes: readonly ProcessSettings[]): readonly ProcessSettings[] {
  const rank = ({ name }: ProcessSettings) => (name === webProcess ? 0 : 1);
  return processes.filter(isLongRunning).toSorted((a, b) => rank(a) - rank(b));
}

export function workerProcesses(processes: readonly ProcessSettings[]): readonly ProcessSettings[] {
  return processes.filter(({ name }) => processKind(name) === 'worker');
}

/** The step before traffic; null where there is none (rule 5.8). */
export function releaseStep(processes: readonly ProcessSettings[]): ProcessSettings | null {
  return processes.find(({ name }) => name === releaseProcess) ?? null;
}

/** The step after the observation; null where there is none (rule 5.8). */
export function contractStep(processes: readonly ProcessSettings[]): ProcessSettings | null {
  return processes.find(({ name }) => name === contractProcess) ?? null;
}

interface WithProcesses {
  readonly replicas: number;
  readonly cpuCores: number;
  readonly memoryMb: number;
  readonly processes: readonly ProcessSettings[];
}

/** A process with everything that applies to it: `web` has its replicas and limits from the environment, and perhaps a command of its own. */
export function processOf(settings: WithProcesses, name: string): ProcessSettings {
  const own = settings.processes.find((process) => process.name === name);
  const { replicas, cpuCores, memoryMb } = settings;
  const web = { name, command: null, check: null, stayUpMs: defaultStayUpMs };
  if (own === undefined) return { ...web, replicas, cpuCores, memoryMb };
  return name === webProcess ? { ...own, replicas, cpuCores, memoryMb } : own;
}

/** An instance that is wanted: the n-th (from 1) of a process. */
export interface WantedInstance {
  readonly process: string;
  readonly ordinal: number;
}

/** Every worker that is wanted, kind by kind. */
export function wantedWorkers(processes: readonly ProcessSettings[]): readonly WantedInstance[] {
  return workerProcesses(processes).flatMap(({ name, replicas }) =>
    Array.from({ length: replicas }, (_, index) => ({ process: name, ordinal: index + 1 })),
  );
}
