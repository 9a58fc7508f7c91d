/** Settings of the gate (rule 5.1). All durations in milliseconds. */
export interface HealthCheck {
  readonly path: string;
  readonly method: 'GET' | 'HEAD';
  /** Sent as `Host`; null means the instance's own address and port. */
  readonly hostHeader: string | null;
  /** Accepted status codes, both ends included. */
  readonly statusMin: number;
  readonly statusMax: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly startPeriodMs: number;
}

export const defaultHealthCheck: HealthCheck = {
  path: '/',
  method: 'GET',
  hostHeader: null,
  statusMin: 200,
  statusMax: 299,
  intervalMs: 5_000,
  timeoutMs: 3_000,
  healthyThreshold: 2,
  unhealthyThreshold: 3,
  startPeriodMs: 30_000,
};

/** What one probe saw. `bodyStart` is at most 200 characters. */
export type ProbeResult =
  | { readonly type: 'answered'; readonly status: number; readonly bodyStart: string }
  | { readonly type: 'refused' }
  | { readonly type: 'timed-out' }
  | { readonly type: 'broken'; readonly message: string };

export function isHealthyAnswer(check: HealthCheck, result: ProbeResult): boolean {
  return result.type === 'answered' && result.status >= check.statusMin && result.status <= check.statusMax;
}

export function describeProbe(result: ProbeResult): string {
  switch (result.type) {
    case 'answered':
      return result.bodyStart === '' ? `${result.status}` : `${result.status}: "${result.bodyStart}"`;
    case 'refused':
      return 'connection refused';
    case 'timed-out':
      return 'no answer in time';
    case 'broken':
      return result.message;
  }
}
