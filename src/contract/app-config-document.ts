import type { z } from 'zod';
import type { AppConfig, CheckedDocument, ProcessConfig } from '../domain/app-config.ts';
import { contractProcess, defaultExecCheck, releaseProcess } from '../domain/processes.ts';
import { documentProblems } from './app-config/document-problems.ts';
import type { oneOffSchema, processesSchema, volumesSchema } from './app-config/sections.ts';
import { appConfigSchema, type AppConfigDocument } from './schemas/app-config.ts';

/** Checks a parsed `cutover.yaml` and puts it into the units of the settings. Finds every problem, not only the first. */
export function checkAppConfigDocument(document: unknown): CheckedDocument {
  const result = appConfigSchema.safeParse(document);
  if (!result.success) {
    return { config: null, problems: result.error.issues.flatMap((issue) => documentProblems(issue, appConfigSchema)) };
  }
  const problems = sharedPaths(result.data.volumes ?? {});
  return problems.length > 0 ? { config: null, problems } : { config: toAppConfig(result.data), problems: [] };
}

type Volumes = z.output<typeof volumesSchema>;

/** What the members of a map may not have in common, and what one member alone does not show. */
function sharedPaths(volumes: Volumes) {
  const users = new Map<string, string>();
  return Object.entries(volumes).flatMap(([name, { path, access, readOnly }]) => {
    const problem = (member: string, text: string) => ({
      path: ['volumes', name, member],
      at: 'value' as const,
      message: `volumes.${name}.${member} ${text}`,
    });
    const user = users.get(path);
    users.set(path, name);
    if (user !== undefined) return [problem('path', `is already the path of the volume ${user}`)];
    const pointless = access === 'exclusive' && readOnly === true;
    return pointless ? [problem('access', 'must be shared where the volume is read-only')] : [];
  });
}

function toAppConfig(document: AppConfigDocument): AppConfig {
  const { build = {}, rollback = {}, resources, volumes = {} } = document;
  return {
    build,
    settings: given({
      replicas: document.replicas,
      cpuCores: resources?.cpu,
      memoryMb: resources?.memory,
      port: document.port === 'auto' ? null : document.port,
      strategy: document.strategy,
      canarySteps: document.canary?.steps,
      observationMs: document.observation,
      standby: document.standby,
      drainTimeoutMs: document.drainTimeout,
      stopGraceMs: document.stopGrace,
      holdTimeoutMs: document.holdTimeout,
      oneOffTimeoutMs: document.oneOffTimeout,
    }),
    health: toHealth(document.health ?? {}),
    rollback,
    processes: [
      ...Object.entries(document.processes ?? {}).map(([name, process]) => toProcess(name, process)),
      ...oneOff(releaseProcess, document.release),
      ...oneOff(contractProcess, document.contract),
    ],
    volumes: Object.entries(volumes).map(([name, { readOnly = false, ...volume }]) => ({ name, ...volume, readOnly })),
  };
}

type Health = NonNullable<AppConfigDocument['health']>;

function toHealth({ path, method, host, status, ...times }: Health): AppConfig['health'] {
  const [statusMin, statusMax] = status ?? [];
  return given({ path, method, hostHeader: host, statusMin, statusMax, ...probeTimes(times) });
}

type Process = z.output<typeof processesSchema>[string];

function toProcess(name: string, process: Process): ProcessConfig {
  if (isCommand(process)) return { name, command: process };
  const { command, replicas, cpu, memory, check, stayUp } = process;
  const members = given({ command, replicas, cpuCores: cpu, memoryMb: memory, stayUpMs: stayUp });
  if (check === undefined) return { name, ...members };
  const times = given(probeTimes(check));
  return { name, ...members, check: { ...defaultExecCheck, command: check.command, ...times } };
}

type OneOff = z.output<typeof oneOffSchema>;

function oneOff(name: string, step: OneOff | undefined): readonly ProcessConfig[] {
  return step === undefined ? [] : [toProcess(name, step)];
}

function probeTimes({ interval, timeout, healthyThreshold, unhealthyThreshold, startPeriod }: Health) {
  return { intervalMs: interval, timeoutMs: timeout, healthyThreshold, unhealthyThreshold, startPeriodMs: startPeriod };
}

function isCommand(process: Process): process is readonly string[] & Process {
  return Array.isArray(process);
}

type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Only what was said. */
function given<T extends object>(values: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the filter is what makes it so
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
