import { deploymentStates, isFinal } from '../domain/deployment-state.ts';
import { violationCodes } from '../domain/invariants.ts';
import type { WatchdogMemory } from '../engine/observe/invariants/watchdog.ts';
import type { Metric } from '../http/wire/metrics.ts';
import { version } from './version.ts';

/** What the control plane knows of itself and of the platform without asking anybody; documented in docs/operations.md. */
export function currentMetrics(memory: WatchdogMemory): readonly Metric[] {
  return [...ofInvariants(memory), ...ofDeployments(memory), ...ofProcess()];
}

function ofInvariants({ looks, ageMs, told }: WatchdogMemory): readonly Metric[] {
  return [
    {
      name: 'cutover_invariant_violations',
      type: 'gauge',
      help: 'Violations that were seen twice or more in a row and still are.',
      samples: violationCodes.map((code) => ({
        labels: { code },
        value: told.filter((violation) => violation.code === code).length,
      })),
    },
    {
      name: 'cutover_invariant_looks_total',
      type: 'counter',
      help: 'Times the watchdog looked at the whole platform.',
      samples: [{ value: looks }],
    },
    {
      name: 'cutover_invariant_look_age_seconds',
      type: 'gauge',
      help: 'Since the last of them, which all counts of deployments are from.',
      samples: ageMs === null ? [] : [{ value: ageMs / 1000 }],
    },
  ];
}

function ofDeployments({ snapshot }: WatchdogMemory): readonly Metric[] {
  if (snapshot === null) return [];
  const count = (wanted: string) => snapshot.deployments.filter(({ state }) => state === wanted).length;
  return [
    {
      name: 'cutover_deployments',
      type: 'gauge',
      help: 'Deployments that are not over.',
      samples: deploymentStates
        .filter((state) => !isFinal(state))
        .map((state) => ({ labels: { state }, value: count(state) })),
    },
    {
      name: 'cutover_queue_length',
      type: 'gauge',
      help: 'Deployments that wait for a worker.',
      samples: [{ value: count('pending') }],
    },
  ];
}

function ofProcess(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge('cutover_build_info', 'Version of the control plane.', 1, { version }),
    gauge('process_resident_memory_bytes', 'Memory of the control plane.', process.memoryUsage.rss()),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of the control plane.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge('process_uptime_seconds', 'Since the control plane was started.', process.uptime()),
  ];
}

function gauge(name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}): Metric {
  return { name, type: 'gauge', help, samples: [{ labels, value }] };
}
