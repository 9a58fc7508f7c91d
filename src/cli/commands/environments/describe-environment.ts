import type { WireEnvironment, WireSettings } from '../../../contract/schemas/environment.ts';
import type { WireProcess } from '../../../contract/schemas/process.ts';
import type { WireVolume } from '../../../contract/schemas/volume.ts';
import { formatDuration, plainText } from '../../output/quantities.ts';
import { shellLine } from '../../output/shell-line.ts';
import { facts } from '../../output/table.ts';

export function describeEnvironment(environment: WireEnvironment): string {
  const { name, hosts, settings, currentDeploymentId, asleepSince } = environment;
  return facts([
    ['name', name],
    ['hosts', hosts.join(', ')],
    ['serves', currentDeploymentId],
    ['asleep since', asleepSince],
    ['branch', settings.branch],
    ['auto-deploy', describeAutoDeploy(environment)],
    ['watched paths', settings.watchPaths.length === 0 ? 'all' : settings.watchPaths.map(plainText).join(', ')],
    ['replicas', settings.replicas],
    ['limits', `${settings.cpuCores} cores, ${settings.memoryMb} MiB per instance`],
    ['port', settings.port ?? "the image's own"],
    ...rolloutFacts(settings),
    ...healthFacts(settings),
    ...settings.processes.map((process) => [`process ${process.name}`, describeProcess(process)] as const),
    ...settings.volumes.map((volume) => [`volume ${volume.name}`, describeVolume(volume)] as const),
  ]);
}

type Fact = readonly [string, string | number | null];

function describeAutoDeploy({ autoDeployHeld, settings }: WireEnvironment): string {
  if (!settings.autoDeploy) return 'off';
  return autoDeployHeld === null ? 'on' : `held: ${autoDeployHeld}`;
}

function rolloutFacts(settings: WireSettings): readonly Fact[] {
  const { automatic, slow } = settings.rollback;
  return [
    ['strategy', settings.strategy],
    ['canary steps', settings.canarySteps.map((step) => `${step} %`).join(', ')],
    ['observation', settings.observationMs === 0 ? 'off' : formatDuration(settings.observationMs)],
    ['standby', settings.standby],
    ['auto-rollback', `${automatic ? 'on' : 'off'}; when slower: ${slow}`],
    ['drain timeout', formatDuration(settings.drainTimeoutMs)],
    ['stop grace', formatDuration(settings.stopGraceMs)],
    ['hold timeout', formatDuration(settings.holdTimeoutMs)],
    ['one-off timeout', formatDuration(settings.oneOffTimeoutMs)],
  ];
}

function healthFacts({ health }: WireSettings): readonly Fact[] {
  return [
    ['health check', `${health.method} ${health.path} -> ${health.statusMin}-${health.statusMax}`],
    ['health host', health.hostHeader],
    ['probes', `every ${formatDuration(health.intervalMs)}, each up to ${formatDuration(health.timeoutMs)}`],
    ['thresholds', `${health.healthyThreshold} healthy, ${health.unhealthyThreshold} unhealthy`],
    ['start period', formatDuration(health.startPeriodMs)],
  ];
}

function describeProcess({ name, command, replicas, cpuCores, memoryMb, check, stayUpMs }: WireProcess): string {
  const line = command === null ? "the image's own command" : describeCommand(command);
  // The rest of `web` are the environment's own settings.
  if (name === 'web') return line;
  const limits = `${cpuCores} cores, ${memoryMb} MiB`;
  if (name === 'release' || name === 'contract') return `${line} (once; ${limits})`;
  const proof = check === null ? `must stay up ${formatDuration(stayUpMs)}` : `check ${describeCommand(check.command)}`;
  return `${line} (${replicas} x ${limits}; ${proof})`;
}

/** A line for the shell as it was written, anything else by its arguments. */
function describeCommand(command: readonly string[]): string {
  return plainText(shellLine(command)?.replace(/^exec /, '') ?? command.join(' '));
}

function describeVolume({ path, access, readOnly }: WireVolume): string {
  return `${path} (${access}${readOnly ? ', read-only' : ''})`;
}
