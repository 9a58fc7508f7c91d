import type {
  ContainerSnapshot,
  DeploymentSnapshot,
  EnvironmentSnapshot,
  InstanceSnapshot,
  PlatformSnapshot,
} from '../../../src/domain/platform-snapshot.ts';
import { stableOnly } from '../../../src/domain/route.ts';

/** One version that serves from slot 1, as it must be. To be varied. */
export const web: InstanceSnapshot = {
  id: 'web-1',
  process: 'web',
  ordinal: 1,
  phase: 'serving',
  passed: true,
  crashed: false,
  address: '10.0.0.2',
  port: 3000,
};

export const container: ContainerSnapshot = {
  containerId: 'c'.repeat(64),
  instanceId: 'web-1',
  deploymentId: 'd1',
  running: true,
  address: '10.0.0.2',
};

export const serving: DeploymentSnapshot = {
  id: 'd1',
  environmentId: 'e1',
  name: 'shop #1',
  state: 'completed',
  outcomes: [],
  active: false,
  held: false,
  led: false,
  idleMs: 0,
  bundle: null,
  upload: null,
  instances: [web],
};

/** Another one of the environment, without anything of its own yet. */
export const second: DeploymentSnapshot = { ...serving, id: 'd2', name: 'shop #2', state: 'pending', instances: [] };

/** A worker is at it. */
export const running: DeploymentSnapshot = { ...second, state: 'running', active: true, led: true };

export const elsewhere = { slot: 2, deploymentId: 'd2' };

/** What is over, and told so. */
export const failed: DeploymentSnapshot = { ...second, state: 'failed', outcomes: ['failed'] };

export const production: EnvironmentSnapshot = {
  id: 'e1',
  name: 'shop/production',
  deleting: false,
  hosts: ['shop.example.com'],
  currentIds: ['d1'],
  route: stableOnly(1),
};

export const sound: PlatformSnapshot = {
  at: 1_000_000,
  projects: ['shop'],
  environments: [production],
  deployments: [serving],
  triggers: [{ environmentId: 'e1', deploymentIds: ['d1'] }],
  slots: [{ slot: 1, deploymentId: 'd1' }],
  servers: [{ slot: 1, name: 'i1', endpoint: '10.0.0.2:3000', draining: false }],
  routes: [{ host: 'shop.example.com', target: stableOnly(1) }],
  containers: [container],
  networks: ['shop'],
  workTrees: [],
  uploads: [],
};
