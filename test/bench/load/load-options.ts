/** What the load client is asked to do. Durations in milliseconds. */
export interface LoadOptions {
  /** Where to connect: the router. */
  readonly address: string;
  readonly port: number;
  /** Sent as `Host`. */
  readonly host: string;
  /** Open loop: requests are due by the clock, whatever became of those before. */
  readonly ratePerSecond: number;
  readonly mix: Mix;
  /** How many of each are kept open all the time. */
  readonly webSockets: number;
  readonly eventStreams: number;
  /** A stream must live until the switch that retired its version plus this. */
  readonly drainTimeoutMs: number;
  /** Slower than this is a failure. */
  readonly timeoutMs: number;
  /** How far the clocks of the notice of a switch and of the switch itself may be apart. */
  readonly toleranceMs: number;
}

export const requestKinds = ['keep-alive', 'new-connection', 'post', 'slow'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** Shares in percent, together 100. */
export type Mix = Readonly<Record<RequestKind, number>>;

export const defaultMix: Mix = { 'keep-alive': 60, 'new-connection': 20, post: 17, slow: 3 };

/** The kind of request number `n`: a fixed sequence that is spread evenly, so that two runs send the same. */
export function kindOf(n: number, mix: Mix): RequestKind {
  let point = (n * 61) % 100;
  for (const kind of requestKinds) {
    if (point < mix[kind]) return kind;
    point -= mix[kind];
  }
  return 'keep-alive';
}
