import type { Instance } from '../../../src/domain/deployment.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import type { RolloutStatus } from '../../../src/engine/commands/commands.ts';
import type { HeldDeployment } from './platform.ts';

export function instance(change: Partial<Instance> = {}): Instance {
  return {
    id: 'i',
    deploymentId: 'd',
    startedBy: 'd',
    process: 'web',
    ordinal: 1,
    phase: 'serving',
    address: '10.0.0.2',
    port: 3000,
    restarts: 0,
    crashedAt: null,
    ...change,
  };
}

/** Open, with so many milliseconds left. */
export function observation(leftMs: number, change: Partial<Observation> = {}): Observation {
  return {
    standby: 1,
    openedAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + leftMs).toISOString(),
    closedAt: null,
    outcome: null,
    view: {
      phase: 'canary-1',
      share: 10,
      evidence: 4.5215,
      threshold: 1_000,
      mayGrow: true,
      fresh: { units: 180, bad: 2 },
      old: { units: 1_620, bad: 1 },
      limits: 'this deployment saw 180 requests: failures below about 6 % would not have been noticed',
    },
    ...change,
  };
}

/** A canary at its first step. */
export function canary(fresh: HeldDeployment, old: HeldDeployment, change: Partial<RolloutStatus> = {}): RolloutStatus {
  return {
    environment: 'production',
    fresh: { deployment: fresh.deployment, instances: [instance()], share: 10, connections: 12 },
    old: { deployment: old.deployment, instances: [instance(), instance({ ordinal: 2 })], share: 90, connections: 118 },
    mode: 'serve',
    observation: observation(863_000),
    autoDeployHeld: null,
    ...change,
  };
}
