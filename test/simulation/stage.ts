import { quietUploadMs } from '../../src/engine/ports/uploads.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import type { Destination } from './memory/traffic/traffic.ts';
import { MemoryWorld } from './memory/world.ts';
import { Offers, repositoryOf } from './offers.ts';
import type { Behaviour, WorldFault } from './program.ts';
import type { SeededChance } from './random.ts';
import type { Existing } from './snapshot.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Of the time that requests may wait in these histories, as much as an old version has not to come back in. */
const longestHoldMs = 8_000;
const lateHoldExcuseMs = 10_000;
/** A request for the only instance of a version waits so long for it to be back (rule 5.5). */
const onlyOneMs = 12_000;
/** How the web server of static files is called, with the bundle behind it. */
const ofBundles = 'static:';

/** These answer their visitors, as long as they run. */
const sound: ReadonlySet<Behaviour> = new Set<Behaviour>(['good', 'slow', 'errors', 'unhealthy']);

interface StageOptions {
  readonly clock: VirtualClock;
  readonly chance: SeededChance;
}

/** The machine that the platform runs on, with the people who push code and the people who visit. */
export class Stage {
  readonly world: MemoryWorld;
  readonly offers: Offers;
  readonly #clock: VirtualClock;
  /** Environments that have answered somebody; not before does anybody miss them. */
  readonly #served = new Set<string>();
  /** By host, since when its requests wait, on the monotonic clock; and until when that is an excuse. */
  readonly #held = new Map<string, number>();
  readonly #heldTooLong = new Map<string, number>();
  /** Since when they no longer wait. */
  readonly #released = new Map<string, number>();
  /** Of the monotonic clock: until then whoever visits may find nobody, because the machine failed and not the platform. */
  #excusedUntil = 0;

  constructor({ clock, chance }: StageOptions) {
    this.#clock = clock;
    this.world = new MemoryWorld({ clock, random: chance });
    this.offers = new Offers(this.world);
    for (const project of [0, 1]) this.world.repositories.at(repositoryOf(project));
  }

  befall(fault: WorldFault): void {
    const { world } = this;
    switch (fault.kind) {
      case 'dockerd-restart':
        if (fault.all) this.#excuse(fault.ms + 60_000);
        return world.restartEngine(fault.ms, fault.all);
      case 'router-restart':
        // With it go the requests that it has.
        this.#excuse(fault.ms + 2_000);
        return world.router.kill(fault.ms);
      case 'reboot':
        this.#excuse(fault.ms + 75_000);
        this.#clock.boot();
        return world.reboot(fault.ms);
      case 'kill-container':
      case 'remove-container': {
        const all = world.containers.list().filter(({ isRunning }) => isRunning);
        const container = all[fault.pick % Math.max(1, all.length)];
        if (container === undefined) return undefined;
        this.#excuse(60_000);
        return fault.kind === 'kill-container' ? world.containers.kill(container) : world.containers.remove(container);
      }
      case 'crash':
      case 'stop':
      case 'suspend':
      case 'second-plane':
      case 'database-gone':
      case 'clock-jump':
        throw new Error(`${fault.kind} is not the machine's`);
    }
  }

  existing(): Existing {
    const { state } = this.world.router;
    return {
      servers: [...state.slots()].flatMap(([slot, { members }]) =>
        members.map(({ server, draining }) => ({
          slot,
          name: server.name,
          endpoint: server.kind === 'static' ? `static:${server.bundle}` : `${server.address}:${server.port}`,
          draining,
        })),
      ),
      routes: Array.from(state.routes, ([host, target]) => ({ host, target })),
      containers: this.world.containers.list().map((container) => {
        const { containerId, instanceId, deploymentId, running, address } = container.status();
        return { containerId, instanceId, deploymentId, running, address };
      }),
      networks: this.world.networks.projects(),
      workTrees: this.world.checkouts.owners(),
      uploads: this.world.uploads.list(quietUploadMs),
    };
  }

  /** Hosts that serve, and whose next visitor would not be answered by an instance of theirs. */
  failingVisitors(database: MemoryDatabase): readonly string[] {
    if (!this.world.router.isUp) return [];
    const failing: string[] = [];
    for (const { environment, deleting } of database.environments.all()) {
      const { id, hosts, currentDeploymentId } = environment;
      const [host] = hosts;
      if (deleting || currentDeploymentId === null || host === undefined) continue;
      this.#noteHold(host);
      for (const destination of this.world.router.answers(host)) {
        const fault = this.#faultOf(destination, database, id);
        if (fault === null && destination.type === 'instance') this.#served.add(id);
        if (fault === null || !this.#served.has(id) || this.mayFail(database, id, host)) continue;
        if (fault !== 'refused' || !this.#comesBack(host)) failing.push(`${host}: ${fault}`);
      }
    }
    return failing;
  }

  /** A watch: how long it has been, in virtual ms. */
  since(): () => number {
    const began = this.#clock.monotonic();
    return () => this.#clock.monotonic() - began;
  }

  /** It has answered somebody. */
  hasServed(environmentId: string): boolean {
    return this.#served.has(environmentId);
  }

  /** Whether somebody who visits now has to reckon with no answer: by the machine's fault, the app's own, or somebody's wish. */
  mayFail(database: MemoryDatabase, environmentId: string, host: string): boolean {
    if (this.#clock.monotonic() < this.#excusedUntil || !this.world.router.isUp) return true;
    if (database.environments.get(environmentId)?.deleting !== false) return true;
    const routes = [database.routes.get(environmentId)?.target, this.world.router.routeOf(host)];
    if (routes.some((target) => target?.mode === 'paused' || target?.mode === 'unwoken')) return true;
    // It may be long since somebody looked: where everything stands still, nothing gives an occasion to.
    this.#noteHold(host);
    if (this.#clock.monotonic() < (this.#heldTooLong.get(host) ?? 0)) return true;
    return this.#isAppsFault(database, environmentId);
  }

  /** Where no control plane was there to end a hold in time, requests are let go to whoever is there (rule 5.2). */
  #noteHold(host: string): void {
    const now = this.#clock.monotonic();
    const isHeld = this.world.router.routeOf(host)?.mode === 'held';
    const since = this.#held.get(host) ?? null;
    if (isHeld && since === null) this.#held.set(host, now);
    if (since === null) return;
    if (!isHeld) {
      this.#held.delete(host);
      this.#released.set(host, now);
    }
    if (now - since > longestHoldMs) this.#heldTooLong.set(host, now + lateHoldExcuseMs);
  }

  /** The version that was let go to after a hold is still starting, and the router waits for the only instance of it. */
  #comesBack(host: string): boolean {
    const { router } = this.world;
    const target = router.routeOf(host);
    if (target === null || this.#clock.monotonic() - (this.#released.get(host) ?? -Infinity) > onlyOneMs) return false;
    const [only, ...others] = router.slot(target.stable).members;
    return others.length === 0 && only?.server.kind === 'instance' && only.server.redundancy === 'alone';
  }

  #faultOf(destination: Destination, database: MemoryDatabase, environmentId: string): string | null {
    if (destination.type === 'instance') {
      if (destination.name.startsWith(ofBundles)) return this.#faultOfBundle(destination.name, database, environmentId);
      const deployment = database.instances.get(destination.name)?.deploymentId ?? '';
      const owner = database.deployments.get(deployment)?.deployment.environmentId ?? null;
      return owner === environmentId ? null : `answered by ${destination.name}, which is another environment's`;
    }
    if (destination.type !== 'none' || destination.why === 'no-router' || this.#isAppsFault(database, environmentId))
      return null;
    return destination.why;
  }

  /** Whoever is asked to serve a bundle must be somebody who may. */
  #faultOfBundle(name: string, database: MemoryDatabase, environmentId: string): string | null {
    const bundle = name.slice(ofBundles.length);
    const isTheirs = database.deployments
      .where('live', environmentId)
      .some(({ deployment: { artifact } }) => artifact?.type === 'bundle' && artifact.bundle === bundle);
    return isTheirs ? null : `answered by ${name}, which is another environment's`;
  }

  /** As `mayFail`, but for nothing else than the app itself. */
  isAppsFaultAt(database: MemoryDatabase, host: string): boolean {
    const id = database.hosts.get(host);
    return id !== undefined && this.#isAppsFault(database, id);
  }

  /** A version that comes to its end by itself gets traffic, or did a moment ago. */
  #isAppsFault(database: MemoryDatabase, environmentId: string): boolean {
    return database.deployments.where('live', environmentId).some(({ deployment: { source, state } }) => {
      const behaviour = this.offers.behaviourOf(source);
      return state !== 'pending' && behaviour !== null && !sound.has(behaviour);
    });
  }

  /** What exists and belongs to nothing that is on record, beyond what the invariants look at. */
  leftovers(database: MemoryDatabase): readonly string[] {
    const known = new Set(database.projects.all().map(({ project }) => project.name));
    return this.world.volumes
      .list()
      .filter(({ project }) => !known.has(project))
      .map(({ project, name }) => `volume ${name} of ${project}`);
  }

  #excuse(ms: number): void {
    this.#excusedUntil = Math.max(this.#excusedUntil, this.#clock.monotonic() + ms);
  }
}
