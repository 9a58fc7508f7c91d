import type { WireEnvironment } from '../../../contract/schemas/environment.ts';
import { formatDuration } from '../../output/quantities.ts';
import { facts } from '../../output/table.ts';

export function describeEnvironment({ name, hosts, settings, currentDeploymentId }: WireEnvironment): string {
  const { health } = settings;
  return facts([
    ['name', name],
    ['hosts', hosts.join(', ')],
    ['serves', currentDeploymentId],
    ['branch', settings.branch],
    ['auto-deploy', settings.autoDeploy ? 'on' : 'off'],
    ['replicas', settings.replicas],
    ['limits', `${settings.cpuCores} cores, ${settings.memoryMb} MiB per instance`],
    ['port', settings.port ?? "the image's own"],
    ['strategy', settings.strategy],
    ['drain timeout', formatDuration(settings.drainTimeoutMs)],
    ['stop grace', formatDuration(settings.stopGraceMs)],
    ['health check', `${health.method} ${health.path} -> ${health.statusMin}-${health.statusMax}`],
    ['health host', health.hostHeader],
    ['probes', `every ${formatDuration(health.intervalMs)}, each up to ${formatDuration(health.timeoutMs)}`],
    ['thresholds', `${health.healthyThreshold} healthy, ${health.unhealthyThreshold} unhealthy`],
    ['start period', formatDuration(health.startPeriodMs)],
  ]);
}
