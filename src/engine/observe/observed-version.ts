import { crashLoop, type Exit } from '../../domain/evidence/crash-loop.ts';
import type { Decision } from '../../domain/evidence/decision.ts';
import { healthProbeIntervalMs, isUnhealthyAlone, type ProbePair } from '../../domain/evidence/health-cause.ts';
import type { ObservationInput, OutcomeCounts } from '../../domain/evidence/observation-input.ts';
import {
  canarySteps,
  defaultObservationSettings,
  type ObservationSettings,
} from '../../domain/evidence/observation-settings.ts';
import type { ObservationStart, ObservationState } from '../../domain/evidence/observation-state.ts';
import { viewOf } from '../../domain/evidence/observation-view.ts';
import { advance, beginObservation, growth } from '../../domain/evidence/observation.ts';
import type { RequestOutcome as DomainOutcome } from '../../domain/evidence/request-outcome.ts';
import { effectiveStrategy } from '../../domain/rollout-plan.ts';
import type { ObservationView } from '../../domain/observation.ts';
import { shareOfSlot, type RouteTarget, type SlotNumber } from '../../domain/route.ts';
import type { OpenObservation } from '../ports/observation-store.ts';
import type { RequestOutcome } from '../ports/router.ts';
import { terminationOf, type Baseline } from './traffic-memory.ts';

/** What one step of an observation needs to know of the world. */
export interface Moment {
  /** Monotonic, ms. */
  readonly now: number;
  /** Epoch, ms: outcomes carry it. */
  readonly epoch: number;
}

/**
 * One observation as this process follows it: what came in since the last step, and the state of the rule. A new leader begins with
 * an empty state: evidence is only ever lost, never invented.
 */
export class ObservedVersion {
  open: OpenObservation;
  /** The route is being changed from here: what the store says of it is not in force yet, and `routed` will tell when it is. */
  moving = false;
  readonly #start: (open: OpenObservation) => Baseline;
  #state: ObservationState | null = null;
  #outcomes: DomainOutcome[] = [];
  #counts: OutcomeCounts[] = [];
  readonly #exits: Exit[] = [];
  #standbyExitedAt = -Infinity;
  #pairs: ProbePair[] = [];
  #inForce: { readonly share: number; readonly since: number };
  #triggered = false;
  /** A request without headers for so long counts as bad at that moment. */
  stallMs = Infinity;

  constructor(open: OpenObservation, now: number, baseline: (open: OpenObservation) => Baseline) {
    this.open = open;
    this.#start = baseline;
    this.#inForce = { share: this.#share(), since: now };
  }

  /** It gets traffic, or got it and was taken back. */
  get begun(): boolean {
    return this.#state !== null;
  }

  get settled(): boolean {
    return this.#state?.phase.name === 'done';
  }

  /** How it ended; null while it has not. */
  get outcome(): 'promoted' | 'rolled-back' | null {
    const phase = this.#state?.phase;
    return phase?.name === 'done' ? phase.outcome : null;
  }

  /** Both versions get traffic. */
  get comparing(): boolean {
    return this.#state !== null && this.#inForce.share > 0 && this.#inForce.share < 100;
  }

  get rolledBack(): boolean {
    return this.#state?.phase.name === 'rolled-back';
  }

  /** As the store now knows it; a share that somebody else changed is in force from here on. */
  refresh(open: OpenObservation, now: number): void {
    if (this.moving) this.open = { ...open, route: this.open.route };
    else this.#put(open, now);
  }

  /** Traffic goes there from now on. */
  routed(route: RouteTarget, now: number): void {
    this.#put({ ...this.open, route }, now);
  }

  #put(open: OpenObservation, now: number): void {
    this.open = open;
    const share = this.#share();
    if (share !== this.#inForce.share) this.#inForce = { share, since: now };
  }

  take(outcomes: readonly RequestOutcome[], { now, epoch }: Moment): void {
    if (this.#state === null) return;
    for (const outcome of outcomes) {
      const version = this.#versionOf(outcome.slot);
      if (version === null || (outcome.headersMs ?? outcome.durationMs) >= this.stallMs) continue;
      this.#outcomes.push({
        version,
        status: outcome.status,
        termination: terminationOf(outcome),
        client: outcome.client,
        route: outcome.path,
        durationMs: outcome.durationMs,
        upgrade: outcome.upgrade,
        at: Math.min(now, now - (epoch - outcome.at)),
      });
    }
  }

  /**
   * Requests that have begun to hang, on both sides: what hits both alike must show on both. `begunAt`: of the monotonic clock. When one
   * of them ends after all it says nothing new.
   */
  stalled(version: 'new' | 'old', count: number, begunAt: number): void {
    if (count > 0)
      this.#counts.push({ version, stratum: 'request', route: stalledRoute, units: count, bad: count, begunAt });
  }

  exited(exit: Exit): void {
    this.#exits.push(exit);
  }

  /** An instance of the version before ended by itself too: what ends both is not the new one's fault. */
  standbyExited(at: number): void {
    this.#standbyExitedAt = at;
  }

  /** Both versions, probed at the same time. */
  probed(pair: ProbePair, route: string, forHealth: boolean): void {
    const arm = (version: 'new' | 'old', result: 'passed' | 'failed' | null): OutcomeCounts[] =>
      result === null ? [] : [{ version, stratum: 'probe', route, units: 1, bad: result === 'failed' ? 1 : 0 }];
    this.#counts.push(...arm('new', pair.fresh), ...arm('old', pair.standby));
    if (forHealth) this.#pairs = [...this.#pairs, pair].slice(-10);
  }

  /** Takes in what has come and says what is to be done. */
  step({ now }: Moment): readonly Decision[] {
    if (this.#state === null) return this.#begin(now);
    const trigger = this.#trigger();
    const input: ObservationInput = {
      now,
      inForce: this.#inForce,
      outcomes: this.#outcomes,
      counts: this.#counts,
      ...(trigger === null ? {} : { trigger }),
    };
    this.#outcomes = [];
    this.#counts = [];
    const { state, decisions } = advance(this.#state, input);
    this.#state = state;
    return decisions;
  }

  /** For people, and for the worker that rolls it out; null before it has begun. */
  view(now: number): ObservationView | null {
    if (this.#state === null) return null;
    const { phase, share, evidence, threshold, requests, limits } = viewOf(this.#state);
    const mayGrow = growth(this.#state, now).may;
    return { phase, share, evidence, threshold, mayGrow, fresh: requests.new, old: requests.old, limits };
  }

  /** Fewer visitors so far than one a second would be over a quarter of an hour: probes show what they do not. */
  get quiet(): boolean {
    const units = this.#state?.requests;
    return units === undefined || units.new.units + units.old.units < 1_000;
  }

  /** The rule begins with the first share, not before: until then there is nothing to compare. */
  #begin(now: number): readonly Decision[] {
    if (this.#share() === 0) return [];
    const { state, decisions } = beginObservation(settingsOf(this.open), this.#startOf(), now);
    this.#state = state;
    this.#inForce = { share: this.#share(), since: now };
    return decisions;
  }

  #startOf(): ObservationStart {
    const { lastHour, last5Minutes, routes, p99Ms } = this.#start(this.open);
    return {
      mode: modeOf(this.open),
      old: this.open.standby === null ? 'none' : 'running',
      baseline: lastHour,
      last5Minutes,
      routes,
      p99Ms,
    };
  }

  #trigger(): NonNullable<ObservationInput['trigger']> | null {
    if (this.#triggered) return null;
    const own = this.#exits.filter(({ at }) => Math.abs(at - this.#standbyExitedAt) > sharedExitMs);
    const looping = crashLoop(own, this.#state?.firstTrafficAt ?? null);
    const sick = isUnhealthyAlone(this.#pairs);
    if (looping === null && !sick) return null;
    this.#triggered = true;
    return looping === null
      ? {
          cause: 'health',
          reason: `health check failed 3 times in a row, every ${healthProbeIntervalMs / 1000} s, while the version before passed`,
        }
      : { cause: 'crash-loop', reason: `crash loop (${looping})` };
  }

  #versionOf(slot: SlotNumber): 'new' | 'old' | null {
    if (slot === this.open.fresh.slot) return 'new';
    return this.open.standby !== null && slot === this.open.standby.slot ? 'old' : null;
  }

  #share(): number {
    return shareOfSlot(this.open.route, this.open.fresh.slot);
  }
}

/** Exits of both versions that are so near to each other have one cause. */
const sharedExitMs = 10_000;

/** Of requests that hang it is not known where they lead. */
const stalledRoute = 'stalled';

function modeOf({ fresh, switchedAt }: OpenObservation): ObservationStart['mode'] {
  // A new leader of an observation that has come so far does not begin with small shares again.
  if (switchedAt !== null) return 'direct';
  const { settings } = fresh.deployment.configuration;
  const strategy = effectiveStrategy(fresh.deployment.configuration);
  if (strategy === 'canary') return 'canary';
  return strategy === 'rolling' && settings.replicas > 1 ? 'stepped' : 'direct';
}

function settingsOf({ fresh, leftMs }: OpenObservation): ObservationSettings {
  const { canarySteps: shares, observationMs, rollback } = fresh.deployment.configuration.settings;
  return {
    ...defaultObservationSettings,
    steps: canarySteps(shares),
    observationMs: leftMs ?? observationMs,
    extensionMs: Math.min(observationMs, defaultObservationSettings.extensionMs),
    slow: { ...defaultObservationSettings.slow, action: rollback.slow === 'roll-back' ? 'roll-back' : 'alert' },
  };
}
