/**
 * Append-only logs: one per job and one per instance, kept after the container is gone.
 * A log is addressed by its name, `deployments/<deployment id>/<job type | instance id>`.
 */
export interface Logs {
  /** Opens for appending; a log that was left open by a crash is continued after its last whole line. */
  open(name: string, mask: Masker): Promise<LogWriter>;
  /** Whole lines from byte `offset` on; with `follow`, until the log is closed. Lagging readers read from disk, never from memory. */
  read(
    name: string,
    options: { readonly offset: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogEntry>;
  /** The last `count` lines. */
  tail(name: string, count: number): Promise<readonly LogLine[]>;
  remove(prefix: string): Promise<void>;
}

/** Replaces every known secret in a line. */
export type Masker = (text: string) => string;

export interface LogLine {
  /** Epoch ms. */
  readonly at: number;
  readonly stream: 'stdout' | 'stderr' | 'system';
  readonly text: string;
  /** The engine's position of the line, where it has one, so that following can go on after a crash. */
  readonly position?: string;
}

export interface LogEntry extends LogLine {
  /** Byte offset just after this line: where the next read begins. */
  readonly next: number;
}

export interface LogWriter extends AsyncDisposable {
  /**
   * Takes one line; never blocks. `\r` redraws keep only what is last drawn, ANSI colours stay, other control sequences go,
   * a line over 16 KiB is split. Resolves when there is room for more: a producer that awaits it cannot outrun the disk.
   */
  write(line: LogLine): Promise<void>;
  /** Position of the last line written, also before a crash. */
  lastPosition(): string | null;
  /** Everything written so far is on disk. */
  flush(): Promise<void>;
}
