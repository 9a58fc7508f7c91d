import type { ErrorCode } from '../../src/domain/errors.ts';

/** What can happen to one call of a port. Those that take a while take `ms` of virtual time. */
export const callFaults = [
  /** Nothing is done, and the port's own error is thrown. */
  'fail',
  /** It is done, but whoever asked is told that it failed. */
  'lose-answer',
  /** It is done twice. */
  'twice',
  /** It is done later than what was asked for after it. */
  'late',
  /** It is done, and whoever asked hears of it late. */
  'late-answer',
  /** Nothing is done, and whoever asked hears nothing until it gives up. */
  'hang',
  /** The control plane is killed just before, or just after, it was done. */
  'crash-before',
  'crash-after',
  /** The process stands still for a while, as if it was stopped: its clock goes on. */
  'stop-before',
  'stop-after',
  /** The process and its clock stand still for a while, as if its machine was suspended: it does not know that its leases have run out. */
  'suspend-before',
  'suspend-after',
] as const;
export type CallFault = (typeof callFaults)[number];

/** What befalls the surroundings. */
export type WorldFault =
  /** The process is killed at once, and started again after `ms`. */
  | { readonly kind: 'crash'; readonly ms: number }
  /** The process stands still for so long, with or without its clock. */
  | { readonly kind: 'stop' | 'suspend'; readonly ms: number }
  /** A second control plane works on the same database and machine, until it is shut down after `ms`. */
  | { readonly kind: 'second-plane'; readonly ms: number }
  | { readonly kind: 'database-gone'; readonly ms: number }
  /** The engine does not answer for so long; `all`: its containers die and come back, else they live on (live-restore). */
  | { readonly kind: 'dockerd-restart'; readonly ms: number; readonly all: boolean }
  | { readonly kind: 'router-restart'; readonly ms: number }
  /** Everything stops, the control plane too, and comes back. */
  | { readonly kind: 'reboot'; readonly ms: number }
  /** The wall clock is set. */
  | { readonly kind: 'clock-jump'; readonly ms: number }
  /** One container that serves is killed, or removed by somebody. */
  | { readonly kind: 'kill-container' | 'remove-container'; readonly pick: number };

/** The `skip`-th call (from 0) of that name from this step on is the one it happens to. */
export interface ArmedFault {
  readonly kind: 'call';
  /** `runtime.start`; `*` is any. */
  readonly call: string;
  readonly skip: number;
  readonly what: CallFault;
  readonly ms: number;
}

export type Fault = WorldFault | ArmedFault;

/** How an app is once it is started. */
export const behaviours = ['good', 'slow', 'exits', 'unhealthy', 'crash-loop', 'errors', 'build-fails'] as const;
export type Behaviour = (typeof behaviours)[number];

/** By which way in it comes (rule 2.3). */
export const ways = ['git', 'image', 'tarball', 'bundle', 'directory'] as const;
export type Way = (typeof ways)[number];

/** Projects are p0, p1 …; environments are by their number in the project, `production` first. */
export interface Place {
  readonly project: number;
  readonly environment: number;
}

export type Operation =
  /** Somebody pushes a commit with that app, or makes an image of it, and deploys it; `again`: the caller asks twice with the same key. */
  | {
      readonly kind: 'deploy';
      readonly place: Place;
      readonly behaviour: Behaviour;
      readonly again: boolean;
      /** Without it a commit. */
      readonly way?: Way;
    }
  /** Of the newest deployment, or one that is so many older. */
  | { readonly kind: 'cancel' | 'pause' | 'resume'; readonly place: Place; readonly back: number }
  | { readonly kind: 'rollback'; readonly place: Place }
  | { readonly kind: 'promote'; readonly place: Place; readonly to: number }
  | { readonly kind: 'variables'; readonly place: Place; readonly value: number }
  | { readonly kind: 'settings'; readonly place: Place; readonly settings: Settings }
  | { readonly kind: 'create-environment' | 'delete-environment' | 'delete-project'; readonly place: Place };

export interface Settings {
  readonly strategy: 'rolling' | 'blue-green' | 'canary' | 'recreate';
  readonly replicas: number;
  readonly observationMs: number;
  readonly standby: 'all' | 'one' | 'none';
  readonly worker: boolean;
  readonly release: boolean;
}

/** `at`: virtual ms from the beginning. */
export type ProgramStep =
  | { readonly at: number; readonly operation: Operation }
  | { readonly at: number; readonly fault: Fault };

/** Everything that decides how a history goes. */
export interface Program {
  readonly seed: number;
  readonly projects: number;
  /** Of each project. */
  readonly environments: number;
  readonly settings: Settings;
  /** Every call of a port takes up to so long, so that calls overtake each other; 0: none takes any time. */
  readonly jitterMs: number;
  /** What is neither production nor used for so long sleeps; without it nothing does. */
  readonly sleepAfterMs?: number;
  readonly steps: readonly ProgramStep[];
}

/** By the name of the port: what its calls are documented to throw when the outside does not answer. */
export const portErrors: Readonly<Record<string, ErrorCode>> = {
  runtime: 'runtime_unavailable',
  router: 'router_unavailable',
  source: 'repository_unreachable',
  builder: 'runtime_unavailable',
  staticFiles: 'static_server_unavailable',
  logs: 'disk_full',
  database: 'database_unavailable',
  queries: 'database_unavailable',
  records: 'database_unavailable',
  observations: 'database_unavailable',
  configuration: 'database_unavailable',
};

/** All of it is one PostgreSQL. */
export function isDatabase(port: string): boolean {
  return portErrors[port] === 'database_unavailable';
}
