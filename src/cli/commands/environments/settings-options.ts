import { InvalidArgumentError, Option, type Command } from 'commander';
import { settingsSchema, type WireSettings, type WireSettingsChange } from '../../../contract/schemas/environment.ts';
import { parseDuration, parseMemory, parseNumber, parseWhole } from '../../output/quantities.ts';
import { given } from './given.ts';
import { addProcessOptions, changeProcesses, touchesProcesses, type ProcessOptions } from './process-options.ts';
import { addRolloutOptions, toRolloutChange, type RolloutOptions } from './rollout-options.ts';
import { addVolumeOptions, changeVolumes, type VolumeOptions } from './volume-options.ts';

type Health = NonNullable<WireSettingsChange['health']>;

/** Options of `environments create` and `environments set`, as commander names them. */
export interface SettingsOptions extends RolloutOptions, ProcessOptions, VolumeOptions {
  readonly branch?: string;
  readonly autoDeploy?: boolean;
  readonly watch?: readonly string[];
  readonly replicas?: number;
  readonly cpu?: number;
  readonly memory?: number;
  readonly port?: number | 'auto';
  readonly strategy?: NonNullable<WireSettingsChange['strategy']>;
  readonly drainTimeout?: number;
  readonly stopGrace?: number;
  readonly healthPath?: string;
  readonly healthMethod?: NonNullable<Health['method']>;
  readonly healthHost?: string;
  readonly healthStatus?: readonly [number, number];
  readonly healthInterval?: number;
  readonly healthTimeout?: number;
  readonly healthyThreshold?: number;
  readonly unhealthyThreshold?: number;
  readonly startPeriod?: number;
}

export function addSettingsOptions(command: Command): Command {
  command
    .option('--branch <branch>', 'branch that is deployed')
    .option('--auto-deploy', 'deploy on push')
    .option('--no-auto-deploy', 'do not deploy on push')
    .option(
      '--watch <pattern...>',
      "deploy pushes that change one of these, such as apps/web/** '!**/*.md'; '' for every push",
    )
    .option('--replicas <n>', 'instances', parseWhole)
    .option('--cpu <cores>', 'CPU limit per instance, such as 0.5', parseNumber)
    .option('--memory <amount>', 'memory limit per instance, such as 512mb or 1gb', parseMemory)
    .option('--port <port>', "port the app listens on; 'auto' for the image's own", parsePort)
    .addOption(new Option('--strategy <strategy>', 'how traffic moves').choices(settingsSchema.shape.strategy.options))
    .option('--drain-timeout <duration>', 'time requests in flight may take to finish, such as 30s', parseDuration)
    .option('--stop-grace <duration>', 'time between SIGTERM and SIGKILL', parseDuration);
  addRolloutOptions(command);
  addHealthOptions(command);
  return addVolumeOptions(addProcessOptions(command));
}

function addHealthOptions(command: Command): Command {
  return command
    .option('--health-path <path>', 'path of the health check')
    .addOption(new Option('--health-method <method>', 'method of the health check').choices(['GET', 'HEAD']))
    .option('--health-host <host>', "Host header of the health check; '' for the instance's address")
    .option('--health-status <range>', 'accepted status, such as 200-299', parseStatusRange)
    .option('--health-interval <duration>', 'time between probes', parseDuration)
    .option('--health-timeout <duration>', 'time a probe may take', parseDuration)
    .option('--healthy-threshold <n>', 'successes in a row that make an instance healthy', parseWhole)
    .option('--unhealthy-threshold <n>', 'failures in a row that fail it', parseWhole)
    .option('--start-period <duration>', 'time in which failures do not count', parseDuration);
}

/** Whether processes or volumes are changed: they are changed one by one, so what there is has to be known. */
export function needsCurrent(options: SettingsOptions): boolean {
  return touchesProcesses(options) || options.volume !== undefined;
}

/** Only what was given. `current`: null for an environment that is new. Error: `usage`. */
export function toSettingsChange(options: SettingsOptions, current: WireSettings | null): WireSettingsChange {
  const health = toHealthChange(options);
  return given({
    ...toRolloutChange(options),
    branch: options.branch,
    autoDeploy: options.autoDeploy,
    watchPaths: options.watch?.filter((pattern) => pattern !== ''),
    replicas: options.replicas,
    cpuCores: options.cpu,
    memoryMb: options.memory,
    port: options.port === 'auto' ? null : options.port,
    strategy: options.strategy,
    drainTimeoutMs: options.drainTimeout,
    stopGraceMs: options.stopGrace,
    health: Object.keys(health).length === 0 ? undefined : health,
    processes: changeProcesses(options, current),
    volumes: changeVolumes(options, current),
  });
}

function toHealthChange(options: SettingsOptions): Health {
  return given({
    path: options.healthPath,
    method: options.healthMethod,
    hostHeader: options.healthHost === '' ? null : options.healthHost,
    statusMin: options.healthStatus?.[0],
    statusMax: options.healthStatus?.[1],
    intervalMs: options.healthInterval,
    timeoutMs: options.healthTimeout,
    healthyThreshold: options.healthyThreshold,
    unhealthyThreshold: options.unhealthyThreshold,
    startPeriodMs: options.startPeriod,
  });
}

function parsePort(text: string): number | 'auto' {
  return text === 'auto' ? text : parseWhole(text);
}

function parseStatusRange(text: string): readonly [number, number] {
  const [, least, most] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? [];
  if (least === undefined) throw new InvalidArgumentError('Write a status or a range: 200 or 200-299.');
  return [Number(least), Number(most ?? least)];
}
