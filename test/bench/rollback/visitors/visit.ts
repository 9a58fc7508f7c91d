/** How one request of a visitor ended. Times in epoch ms. */
export interface Visit {
  /** When the clock said that it was to be sent: a client that falls behind may not hide it. */
  readonly dueAt: number;
  readonly endedAt: number;
  /** 0: no whole answer. */
  readonly status: number;
  /** Of the deployment whose instance answered; null when the router did, or nobody. */
  readonly version: number | null;
  readonly path: string;
}

/** What the visitors are asked to do. */
export interface VisitOptions {
  readonly port: number;
  /** Sent as `Host`. */
  readonly host: string;
  readonly perSecond: number;
  /** Paths with their shares in percent, together 100. */
  readonly paths: Readonly<Record<string, number>>;
  /** Percent of the requests that come from visitors who keep cookies, and how many such visitors there are. */
  readonly keeping: number;
  readonly keepers: number;
  /** Slower than this counts as no answer. */
  readonly timeoutMs: number;
}

export function hasFailed({ status }: Visit): boolean {
  return status !== 200;
}
