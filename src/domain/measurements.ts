import type { ResourceUse } from './resource-use.ts';

/** What the router counted of one version's requests in one stretch of time. Latencies in milliseconds, null without requests. */
export interface TrafficFigures {
  readonly requests: number;
  /** 5xx and answers that were cut off or never came; clients that went away are not counted. */
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** Kept with a deployment (rule 2.6). A null was not measured (yet). Durations in milliseconds. */
export interface Measurements {
  /** Of what served before, up to the first request to the new version. */
  readonly before: TrafficFigures | null;
  /** Of every version, from the first request to the new one until the old one was drained. */
  readonly during: TrafficFigures | null;
  /** Of the new version, from then until the end of the observation. */
  readonly after: TrafficFigures | null;
  /** From the first start of an instance until all had passed. */
  readonly gateMs: number | null;
  readonly drainMs: number | null;
  /** The longest time for which requests were held in the router (`recreate`). */
  readonly heldMs: number | null;
  /** CPU and memory of the new version's instances, from its switch until the end of the observation. */
  readonly resources: ResourceUse | null;
}

export const nothingMeasured: Measurements = {
  before: null,
  during: null,
  after: null,
  gateMs: null,
  drainMs: null,
  heldMs: null,
  resources: null,
};
