import type { ContainerInspectInfo } from 'dockerode';
import type { InstanceStatus } from '../../../engine/ports/runtime.ts';
import { deploymentLabel, instanceLabel } from './labels.ts';

export function instanceStatus(container: ContainerInspectInfo): InstanceStatus {
  const { State: state } = container;
  // Docker calls a container that waits for its next restart "running".
  const running = state.Running && !state.Restarting;
  const startedAt = startTime(state.StartedAt);
  return {
    instanceId: container.Config.Labels[instanceLabel] ?? '',
    deploymentId: container.Config.Labels[deploymentLabel] ?? '',
    containerId: container.Id,
    running,
    address: running ? address(container) : null,
    startedAt,
    exitCode: running || startedAt === null ? null : state.ExitCode,
    outOfMemory: state.OOMKilled,
    restarts: container.RestartCount,
  };
}

function address(container: ContainerInspectInfo): string | null {
  const networks = Object.values(container.NetworkSettings.Networks);
  return networks.map((network) => network.IPAddress).find((ip) => ip !== '') ?? null;
}

/** Docker writes the year 1 for "never". */
function startTime(text: string): number | null {
  const time = Date.parse(text);
  return time > 0 ? time : null;
}
