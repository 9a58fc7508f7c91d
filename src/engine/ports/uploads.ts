import type { Upload } from '../../domain/source.ts';

/** Longer than whoever sends something may pause, and than it takes to put on record what was received. In ms. */
export const quietUploadMs = 30_000;

/**
 * What callers sent and no deployment has used yet, on the disk. Every call can be repeated. Errors of all: `disk_full`.
 */
export interface Uploads {
  /**
   * Keeps the bytes as they come, never more than a few of them in memory. When it resolves they are on the disk, whatever happens to
   * this process or the machine; where it rejects nothing is left. Errors: `upload_too_large`, `upload_interrupted`, `disk_low`, `too_busy`
   * with nothing read where as many come in as may.
   */
  receive(request: ReceiveRequest, signal: AbortSignal): Promise<Upload>;
  /** Absolute path of its file. Error: `upload_gone`. */
  path(id: string): Promise<string>;
  /** Absent is fine. */
  remove(id: string): Promise<void>;
  /** Ids of what is here, whole or not, was not written to for so long, and is not coming in. */
  list(quietMs: number): Promise<readonly string[]>;
}

export interface ReceiveRequest {
  /** For people; whatever cannot be shown is left out of it. */
  readonly filename: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}
