import type { Clock } from '../../../src/engine/ports/clock.ts';
import type { Random } from '../../../src/engine/ports/random.ts';
import { Bundles } from './build/bundles.ts';
import type { AppFiles } from './build/app-files.ts';
import { Checkouts } from './build/checkouts.ts';
import { Repositories } from './build/repositories.ts';
import { Endpoints } from './endpoints.ts';
import { UploadFiles } from './memory-uploads.ts';
import type { LogFiles } from './memory-logs.ts';
import { Containers } from './runtime/containers.ts';
import { Images, type Image } from './runtime/images.ts';
import { Registries } from './runtime/registries.ts';
import { Networks } from './runtime/networks.ts';
import { Volumes } from './runtime/volumes.ts';
import { Timers } from './timers.ts';
import { Traffic } from './traffic/traffic.ts';

export interface MemoryWorldOptions {
  /** Of the world: it goes on while a control plane stands still or is dead. */
  readonly clock: Clock;
  /** What is chance in the world: addresses, which visitor gets the candidate, errors of apps. */
  readonly random: Pick<Random, 'number'>;
  /** Slots of the router at the beginning. Default 100. */
  readonly slots?: number;
  /** How long the router holds a request. Default 30,000. */
  readonly holdMs?: number;
}

/**
 * Everything that a control plane has to do with, and that outlives it: the machine with its containers, images and files, the router
 * with its visitors, the Git servers. What it is asked to do it does at once, or by itself when the time has come. `memoryDrivers`
 * makes the ports of one control plane; several may work on one world.
 */
export class MemoryWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly endpoints = new Endpoints();
  readonly images = new Images();
  readonly networks = new Networks();
  readonly volumes = new Volumes();
  readonly containers: Containers;
  readonly router: Traffic;
  readonly repositories: Repositories;
  readonly checkouts = new Checkouts();
  readonly bundles = new Bundles();
  readonly logs: LogFiles = new Map();
  readonly registries = new Registries();
  readonly uploads: UploadFiles;
  /** What image a tarball holds; null: it is none. */
  imageIn: (tarball: Buffer) => Image | null = () => null;
  /** The app that the archive of a directory holds at its top. */
  appIn: (archive: Buffer) => AppFiles | null = () => null;

  constructor({ clock, random, slots = 100, holdMs = 30_000 }: MemoryWorldOptions) {
    this.clock = clock;
    this.timers = new Timers(clock);
    this.uploads = new UploadFiles(() => clock.now());
    this.repositories = new Repositories(() => clock.now());
    const parts = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      chance: () => random.number(),
      timers: this.timers,
      endpoints: this.endpoints,
    };
    this.containers = new Containers({ ...parts, images: this.images, networks: this.networks });
    this.router = new Traffic({
      ...parts,
      slots,
      holdMs,
      staticEndpoint: this.bundles.lookup,
    });
  }

  /** The engine's process ends and is back after so long. With `all` its containers end too, else they live on without it. */
  restartEngine(downMs: number, all: boolean): void {
    this.containers.goDown(all);
    this.timers.after(downMs, () => this.containers.comeUp());
  }

  /** The machine goes down with everything that runs on it; after so long it is up again, and its services come back by themselves. */
  reboot(downMs: number): void {
    const wasServing = this.bundles.isServing;
    this.bundles.isServing = false;
    this.restartEngine(downMs, true);
    this.router.kill(downMs);
    this.timers.after(downMs, () => (this.bundles.isServing = wasServing));
  }

  /** Nothing happens by itself any more. */
  end(): void {
    this.timers.end();
  }
}
