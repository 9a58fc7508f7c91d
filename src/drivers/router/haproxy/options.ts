import { join } from 'node:path';
import type { PlatformDoor } from './door.ts';

export interface HaproxyRouterOptions {
  /** Configuration, maps, state and sockets; made when missing. Absolute, and short: a socket's path has a limit of about 100 bytes. */
  readonly dir: string;
  /** The HAProxy program, 2.6 or later. */
  readonly haproxyBin: string;
  /** `bin/supervise` of this project. */
  readonly supervisePath: string;
  /** Addresses for HTTP as HAProxy writes them: `*:8080`, `127.0.0.1:8080`, `:::8080`. */
  readonly binds: readonly string[];
  /** Where the static file server answers: `unix@/path/to/socket` or `host:port`. */
  readonly staticEndpoint: string;
  /** Without it nobody reaches the platform through the router. */
  readonly door?: PlatformDoor;
  /** Number of slots of a new installation. Default 1000. */
  readonly initialSlots?: number;
  /** HAProxy takes as many connections as it may open files for, and never more files than this. Default 50,000; two per visitor. */
  readonly maxDescriptors?: number;
  /** Default: HAProxy's own choice, one per processor. */
  readonly threads?: number;
  /** How long a request waits for a route that is held. Default 30. */
  readonly holdSeconds?: number;
  readonly log?: (message: string) => void;
}

export interface RouterPaths {
  readonly dir: string;
  readonly config: string;
  readonly hostsMap: string;
  /** Hosts whose route is more than the name of a slot. */
  readonly specialMap: string;
  /** What visitors of a host are asked for and told. */
  readonly guardsMap: string;
  readonly bundlesMap: string;
  readonly state: string;
  readonly pages: string;
  readonly holdScript: string;
  readonly socket: string;
  readonly masterSocket: string;
  /** Where a worker that takes no visitors any more finds the one that does. */
  readonly successorSocket: string;
  readonly pidFile: string;
  readonly log: string;
}

export function routerPaths(dir: string): RouterPaths {
  return {
    dir,
    config: join(dir, 'haproxy.cfg'),
    hostsMap: join(dir, 'hosts.map'),
    specialMap: join(dir, 'special.map'),
    guardsMap: join(dir, 'guards.map'),
    bundlesMap: join(dir, 'bundles.map'),
    state: join(dir, 'state.json'),
    pages: join(dir, 'pages'),
    holdScript: join(dir, 'hold.lua'),
    socket: join(dir, 'haproxy.sock'),
    masterSocket: join(dir, 'master.sock'),
    successorSocket: join(dir, 'next.sock'),
    pidFile: join(dir, 'router.pid'),
    log: join(dir, 'router.log'),
  };
}
