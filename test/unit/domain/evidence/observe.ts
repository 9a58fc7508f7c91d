import type { Decision } from '../../../../src/domain/evidence/decision.ts';
import type { ObservationInput, OutcomeCounts } from '../../../../src/domain/evidence/observation-input.ts';
import {
  defaultObservationSettings,
  type ObservationSettings,
} from '../../../../src/domain/evidence/observation-settings.ts';
import type { ObservationStart, ObservationState } from '../../../../src/domain/evidence/observation-state.ts';
import { viewOf } from '../../../../src/domain/evidence/observation-view.ts';
import { advance, beginObservation } from '../../../../src/domain/evidence/observation.ts';
import type { Quadruple } from './samples.ts';

const usual: ObservationStart = {
  mode: 'direct',
  old: 'running',
  baseline: { units: 36_000, bad: 36 },
  last5Minutes: { units: 3_000, bad: 3 },
  routes: ['/', '/items/:id'],
  p99Ms: { '/': 200 },
};

/** Leads one observation through time: feeds it, obeys it, remembers what it decided. The state goes through JSON each time. */
export class Observed {
  state: ObservationState;
  now = 0;
  readonly decisions: Decision[] = [];
  #inForce: { share: number; since: number };

  constructor(start: Partial<ObservationStart> = {}, settings: Partial<ObservationSettings> = {}) {
    const began = beginObservation({ ...defaultObservationSettings, ...settings }, { ...usual, ...start }, 0);
    this.state = began.state;
    this.decisions.push(...began.decisions);
    this.#inForce = { share: this.state.share, since: 0 };
  }

  get phase(): string {
    return viewOf(this.state).phase;
  }

  get last(): Decision | undefined {
    return this.decisions.at(-1);
  }

  /** What was decided of this type. */
  all<T extends Decision['type']>(type: T): Extract<Decision, { type: T }>[] {
    return this.decisions.filter((decision): decision is Extract<Decision, { type: T }> => decision.type === type);
  }

  alerts(): string[] {
    return this.all('alert').map(({ kind }) => kind);
  }

  /** Lets `ms` pass and then feeds the input. */
  feed(ms: number, input: Partial<ObservationInput> = {}): this {
    this.now += ms;
    const advanced = advance(this.state, { now: this.now, inForce: this.#inForce, ...input });
    this.state = JSON.parse(JSON.stringify(advanced.state)) as ObservationState;
    this.decisions.push(...advanced.decisions);
    if (this.state.share !== this.#inForce.share) this.#inForce = { share: this.state.share, since: this.now };
    return this;
  }

  /** Requests without cookies. */
  requests(ms: number, counts: Quadruple, route = '/'): this {
    return this.feed(ms, { counts: countsOf(counts, route) });
  }

  /** The same requests every `ms`, `times` times or until `until` is true. */
  repeat(times: number, ms: number, counts: Quadruple, until: (observed: Observed) => boolean = () => false): this {
    for (let i = 0; i < times && !until(this); i += 1) this.requests(ms, counts);
    return this;
  }

  /** From outside: several replicas. */
  shareIs(share: number): this {
    this.#inForce = { share, since: this.now };
    return this;
  }
}

export function countsOf([newUnits, newBad, oldUnits, oldBad]: Quadruple, route = '/'): OutcomeCounts[] {
  return [
    { version: 'new', stratum: 'request', route, units: newUnits, bad: newBad },
    { version: 'old', stratum: 'request', route, units: oldUnits, bad: oldBad },
  ];
}
