import type { InstancePhase } from './deployment.ts';
import type { DeploymentState } from './deployment-state.ts';
import type { RouteTarget, SlotNumber } from './route.ts';

/**
 * What the database records and what exists, side by side: all that the invariants are about. Plain data, so that the simulator, the
 * crash tests and the watchdog can all make one. What exists must be read before what is recorded: whatever is created in between
 * has its row already.
 */
export interface PlatformSnapshot {
  /** Milliseconds on a clock that only goes forward; only differences count. */
  readonly at: number;
  /** Names of the projects on record, also of those that are being deleted. */
  readonly projects: readonly string[];
  readonly environments: readonly EnvironmentSnapshot[];
  /** Every deployment that is not over; of those that are over, at least the ones of `triggers`. */
  readonly deployments: readonly DeploymentSnapshot[];
  /** What callers were told was accepted, as far as the reader remembers. */
  readonly triggers: readonly AcceptedTrigger[];
  /** Whose each slot is, on record. */
  readonly slots: readonly { readonly slot: SlotNumber; readonly deploymentId: string }[];
  /** In the router. */
  readonly servers: readonly ServerSnapshot[];
  /** In the router, by host. */
  readonly routes: readonly { readonly host: string; readonly target: RouteTarget }[];
  /** Every container that carries the platform's label. */
  readonly containers: readonly ContainerSnapshot[];
  /** Names of the projects that have a network. */
  readonly networks: readonly string[];
  /** Ids of the deployments that have a work tree on disk. */
  readonly workTrees: readonly string[];
  /** Ids of what was sent and is on disk, and that nobody writes to any more. */
  readonly uploads: readonly string[];
}

export interface EnvironmentSnapshot {
  readonly id: string;
  /** For people: `shop/production`. */
  readonly name: string;
  readonly deleting: boolean;
  readonly hosts: readonly string[];
  /** Deployments on record as the current one. */
  readonly currentIds: readonly string[];
  /** Where its traffic is to go, on record; null: nowhere. */
  readonly route: RouteTarget | null;
}

export interface DeploymentSnapshot {
  readonly id: string;
  readonly environmentId: string;
  /** For people: `shop #42`. */
  readonly name: string;
  readonly state: DeploymentState;
  /** Every final state it has reached, in order, by its timeline. */
  readonly outcomes: readonly DeploymentState[];
  /** Somebody is to change what serves for its sake: it is rolled out, paused or resumed. */
  readonly active: boolean;
  /** Somebody paused it, and nobody is to lead it until it is resumed. */
  readonly held: boolean;
  /** A living worker holds its lease, or it is not to be claimed again yet. */
  readonly led: boolean;
  /** Since anything was last written about it. */
  readonly idleMs: number;
  /** Hash of the bundle it serves; null: it is run from an image, or nothing is built yet. */
  readonly bundle: string | null;
  /** Id of the upload that it waits for; null: it needs none, or none any more. */
  readonly upload: string | null;
  /** Those that are to have a container. */
  readonly instances: readonly InstanceSnapshot[];
}

export interface InstanceSnapshot {
  readonly id: string;
  readonly process: string;
  readonly ordinal: number;
  readonly phase: InstancePhase;
  /** The timeline says that it went through the gate. */
  readonly passed: boolean;
  /** It is on record that it is down by its own fault. */
  readonly crashed: boolean;
  /** On record; null: none, or not known yet. */
  readonly address: string | null;
  readonly port: number;
}

export interface AcceptedTrigger {
  readonly environmentId: string;
  /** What was made of it. Exactly one is right, however often it was sent. */
  readonly deploymentIds: readonly string[];
}

export interface ServerSnapshot {
  readonly slot: SlotNumber;
  readonly name: string;
  /** `address:port`, or `static:<bundle>`. */
  readonly endpoint: string;
  readonly draining: boolean;
}

export interface ContainerSnapshot {
  readonly containerId: string;
  readonly instanceId: string;
  readonly deploymentId: string;
  readonly running: boolean;
  readonly address: string | null;
}
