/** Every way in which a request or a stream can fail its visitor. */
export type FailureKind =
  | 'refused'
  | 'reset'
  | 'server-error'
  | 'wrong-status'
  | 'truncated'
  | 'wrong-body'
  | 'slow'
  | 'stream-closed-early';

export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
}

/** How one request ended. */
export interface Outcome {
  /** From when it was due, not from when it was sent: a client that falls behind may not hide it. */
  readonly latencyMs: number;
  readonly failure: Failure | null;
}

export function connectionFailure(error: Error, answered: boolean): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  const detail = `${code}: ${error.message}`;
  if (answered) return { kind: 'truncated', detail };
  return { kind: code === 'ECONNREFUSED' ? 'refused' : 'reset', detail };
}

/** null for 200. */
export function statusFailure(status: number | undefined): Failure | null {
  if (status === 200) return null;
  const detail = `status ${status}`;
  return { kind: (status ?? 0) >= 500 ? 'server-error' : 'wrong-status', detail };
}
