import type { Decision } from '../../domain/evidence/decision.ts';
import { healthProbeIntervalMs } from '../../domain/evidence/health-cause.ts';
import { stallTimeMs } from '../../domain/evidence/request-outcome.ts';
import { quantileMs } from '../../domain/latency-histogram.ts';
import type { ObservationView } from '../../domain/observation.ts';
import type { RuntimeEvent } from '../ports/runtime.ts';
import type { OpenObservation } from '../ports/observation-store.ts';
import type { RequestOutcome } from '../ports/router.ts';
import { Rest } from '../rest.ts';
import { carryOut, endObservation, type Hands } from './carry-out.ts';
import { Measuring } from './measuring.ts';
import { ObservedUse } from './observed-use.ts';
import { ObservedVersion, type Moment } from './observed-version.ts';
import { probeBoth } from './probe-pair.ts';
import { TrafficMemory } from './traffic-memory.ts';

export interface ObserverOptions extends Hands {
  readonly leaseMs: number;
}

/** What fails wakes the observer at once; this is for rules with a duration. */
const tickMs = 250;
/** While new and old are compared and something comes in: a bucket is due by what was good too. */
const comparingTickMs = 20;
/** What comes so soon after the last of it finds the short tick still on. */
const hearingMs = 50;
/** Notifications come at once; this is for what they miss, and keeps the lease. */
const refreshMs = 3_000;
/** As many times as long as a refresh takes it is left alone from its beginning on, as far as that is longer than anybody would notice. */
const restFactor = 5;
const toleratedMs = 500;
const noteMs = 2_000;
const quietProbeMs = 1_000;
const stallCheckMs = 2_000;
const patienceMs = 1_000;
/** As long as there is nothing to observe. */
const idleMs = 1_000;

interface Watched {
  readonly version: ObservedVersion;
  measuring: Measuring | null;
  readonly use: ObservedUse;
  notedAt: number;
  noted: string;
  notedPhase: string;
  /** Decided and not yet done; what fails is tried again with the next step. */
  readonly todo: Decision[];
  /** After a failure. */
  notBefore: number;
  probedAt: number;
  healthAt: number;
  stalledAt: number;
  readonly stalledBefore: { new: number; old: number };
  /** One thing at a time is done for a version, in the order in which it was decided. */
  busy: Promise<unknown> | null;
}

/** Watches every version that is observed, and does what the evidence says (rule 5.6). */
export class Observer {
  readonly memory = new TrafficMemory();
  readonly #options: ObserverOptions;
  readonly #watched = new Map<string, Watched>();
  #refreshedAt = -Infinity;
  #refreshNotBefore = -Infinity;
  #heardAt = -Infinity;
  readonly #rest: Rest;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#rest = new Rest(options.workshop.ports.clock);
  }

  /** An observation may have been opened, or a share changed. */
  wake(): void {
    this.#refreshedAt = -Infinity;
    this.#rest.wake();
  }

  /**
   * Something about this deployment was written. While it is rolled out that is so every few milliseconds, and by whoever wakes the
   * observer where it matters: the next tick is soon enough.
   */
  wakeFor(deploymentId: string): void {
    if (this.#watched.has(deploymentId)) this.#refreshedAt = -Infinity;
  }

  /** An instance that nobody stopped came to an end. */
  noticed(event: RuntimeEvent): void {
    if (event.type !== 'exited') return;
    const at = this.#clock.monotonic();
    for (const { version } of this.#watched.values()) {
      const own = version.open.fresh.instances.some(({ id }) => id === event.instanceId);
      if (own) version.exited({ at, outOfMemory: event.outOfMemory });
      const before = version.open.standby?.instances.some(({ id }) => id === event.instanceId) ?? false;
      if (before) version.standbyExited(at);
    }
    this.#rest.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const listening = this.#listen(signal);
    while (!signal.aborted) {
      await this.#round(signal).catch((error: unknown) => this.#report(error, signal));
      await this.#rest.take(this.#restMs, signal);
    }
    await listening;
    for (const { busy } of this.#watched.values()) await busy;
  }

  get #clock() {
    return this.#options.workshop.ports.clock;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { router } = this.#options.workshop.ports;
    while (!signal.aborted) {
      try {
        for await (const outcomes of router.outcomes(signal)) this.#take(outcomes);
      } catch (error) {
        this.#report(error, signal);
      }
      await this.#clock.sleep(patienceMs, signal).catch(() => undefined);
    }
  }

  #take(outcomes: readonly RequestOutcome[]): void {
    const moment = this.#moment();
    this.memory.take(outcomes, moment.now);
    for (const { version } of this.#watched.values()) version.take(outcomes, moment);
    const bad = outcomes.some(({ status, refused }) => refused || status === null || status >= 500);
    if (bad && this.#watched.size > 0) this.#rest.wake();
    this.#heard(moment.now);
  }

  /** Something that may be compared: the first of it is looked into at once, and more of it with the next short tick. */
  #heard(now: number): void {
    if (now - this.#heardAt >= hearingMs && this.#isComparing) this.#rest.wake();
    this.#heardAt = now;
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { now } = this.#moment();
    if (now - this.#refreshedAt >= refreshMs && now >= this.#refreshNotBefore) await this.#refresh(now);
    for (const watched of this.#watched.values()) {
      this.#look(watched, signal);
      this.#step(watched, signal);
    }
  }

  async #refresh(now: number): Promise<void> {
    this.#refreshedAt = now;
    const { observations, owner, leaseMs } = this.#options;
    const open = await observations.claim(owner, leaseMs);
    // Where many are observed, not every change of one is a reason to read them all.
    const tookMs = this.#clock.monotonic() - now;
    this.#refreshNotBefore = now + Math.min(tookMs * restFactor - toleratedMs, refreshMs);
    for (const one of open) {
      const known = this.#watched.get(one.fresh.deployment.id);
      if (known === undefined) this.#watched.set(one.fresh.deployment.id, this.#begin(one, now));
      else known.version.refresh(one, now);
    }
    const ids = new Set(open.map(({ fresh }) => fresh.deployment.id));
    for (const [id, { version }] of this.#watched) {
      // What was rolled back is watched until that is verified, though its observation is closed.
      if (!ids.has(id) && (!version.rolledBack || version.settled)) this.#watched.delete(id);
    }
  }

  #begin(open: OpenObservation, now: number): Watched {
    const { slot } = open.fresh;
    const { workshop, observations } = this.#options;
    const { log, ports } = workshop;
    const { runtime, clock } = ports;
    if (slot !== null && open.switchedAt === null) this.memory.forget(slot);
    const baseline = ({ standby }: OpenObservation) =>
      this.memory.baseline(standby?.slot ?? -1, this.#clock.monotonic());
    const version = new ObservedVersion(open, now, baseline);
    const never = -Infinity;
    return {
      version,
      measuring: null,
      use: new ObservedUse({ runtime, clock, log, observations }, open),
      notedAt: never,
      noted: '',
      notedPhase: '',
      todo: [],
      probedAt: never,
      healthAt: now,
      stalledAt: never,
      stalledBefore: { new: 0, old: 0 },
      notBefore: never,
      busy: null,
    };
  }

  #step(watched: Watched, signal: AbortSignal): void {
    const { version } = watched;
    watched.todo.push(...version.step(this.#moment()));
    const { fresh, standby } = version.open;
    if (version.begun && fresh.slot !== null)
      watched.measuring ??= new Measuring(this.memory, { fresh: fresh.slot, old: standby?.slot ?? null });
    if (watched.busy !== null || this.#clock.monotonic() < watched.notBefore || !this.#isDue(watched)) return;
    watched.busy = this.#act(watched, signal)
      // What was decided meanwhile waits for no tick; what failed does.
      .then(() => watched.todo.length > 0)
      .catch((error: unknown) => {
        this.#report(error, signal);
        watched.notBefore = this.#clock.monotonic() + patienceMs;
        return false;
      })
      .then((more) => {
        watched.busy = null;
        return more && this.#rest.wake();
      });
  }

  /** Something is to be done, or a rollout waits to hear that its phase has changed, or people have not heard for a while. */
  #isDue({ version, todo, notedAt, notedPhase }: Watched): boolean {
    const now = this.#clock.monotonic();
    return todo.length > 0 || now - notedAt >= noteMs || phaseOf(version.view(now)) !== notedPhase;
  }

  async #act(watched: Watched, signal: AbortSignal): Promise<void> {
    const { version, todo } = watched;
    for (let decision = todo[0]; decision !== undefined; decision = todo[0]) {
      await carryOut(this.#options, version, decision);
      todo.shift();
    }
    await this.#measure(watched);
    const now = this.#clock.monotonic();
    const view = version.view(now);
    const text = JSON.stringify(view);
    if (view !== null && text !== watched.noted)
      await this.#options.observations.note(version.open.fresh.deployment.id, { view });
    // Not before it is: a view that does not change any more would never be written again.
    watched.noted = text;
    watched.notedAt = now;
    watched.notedPhase = phaseOf(view);
    if (!version.settled) return;
    const resources = await watched.use.atEnd(version.open, signal);
    await endObservation(this.#options, version, { ...watched.measuring?.after(), ...resources });
  }

  async #measure(watched: Watched): Promise<void> {
    const { deployment } = watched.version.open.fresh;
    const measurements = deployment.state === 'completed' ? watched.measuring?.drained() : null;
    if (measurements != null) await this.#options.observations.note(deployment.id, { measurements });
  }

  /** Reads what the new version uses, probes both, and asks the router for requests that hang; in the background. */
  #look(watched: Watched, signal: AbortSignal): void {
    const { version } = watched;
    watched.use.look(version.open, signal);
    if (!version.begun) return;
    const now = this.#clock.monotonic();
    const forHealth = now - watched.healthAt >= healthProbeIntervalMs;
    if (forHealth || (version.quiet && now - watched.probedAt >= quietProbeMs)) {
      watched.probedAt = now;
      if (forHealth) watched.healthAt = now;
      void this.#probe(version, forHealth, signal);
    }
    if (now - watched.stalledAt >= stallCheckMs) {
      watched.stalledAt = now;
      void this.#countStalled(watched, signal);
    }
  }

  async #probe(version: ObservedVersion, forHealth: boolean, signal: AbortSignal): Promise<void> {
    const { prober } = this.#options.workshop.ports;
    try {
      const { path } = version.open.fresh.deployment.configuration.settings.health;
      version.probed(await probeBoth(prober, version.open, signal), path, forHealth);
      this.#heard(this.#clock.monotonic());
    } catch (error) {
      this.#report(error, signal);
    }
  }

  async #countStalled(watched: Watched, signal: AbortSignal): Promise<void> {
    const { version, stalledBefore } = watched;
    const { fresh, standby } = version.open;
    try {
      const usual = quantileMs(this.memory.histogram(standby?.slot ?? fresh.slot ?? -1), 0.99);
      version.stallMs = stallTimeMs(usual);
      for (const [side, slot] of [['new', fresh.slot] as const, ['old', standby?.slot ?? null] as const]) {
        if (slot === null) continue;
        const count = await this.#options.workshop.ports.router.stalled(slot, version.stallMs, signal);
        version.stalled(side, Math.max(0, count - stalledBefore[side]), this.#clock.monotonic() - version.stallMs);
        stalledBefore[side] = count;
      }
    } catch (error) {
      this.#report(error, signal);
    }
  }

  #moment(): Moment {
    return { now: this.#clock.monotonic(), epoch: this.#clock.now() };
  }

  #report(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#options.workshop.log.warn({ error: String(error) }, 'an observation could not go on, to be tried again');
  }

  get #restMs(): number {
    if (this.#watched.size === 0) return idleMs;
    const hears = this.#clock.monotonic() - this.#heardAt < hearingMs;
    return hears && this.#isComparing ? comparingTickMs : tickMs;
  }

  get #isComparing(): boolean {
    return [...this.#watched.values()].some(({ version }) => version.comparing);
  }
}

/** What a rollout that waits has to know. */
function phaseOf(view: ObservationView | null): string {
  return view === null ? '' : `${view.phase} ${view.share} ${view.mayGrow}`;
}
