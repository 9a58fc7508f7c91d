/** The store of bundles and the web server that serves them. Errors: `static_server_unavailable`, `disk_full`, `build_empty_output`. */
export interface StaticFiles {
  /** Starts the web server's supervisor if none answers. */
  ensureRunning(signal: AbortSignal): Promise<void>;
  /** Stores the files of a tar stream under the hash of their contents; the same files are stored once. */
  putTar(tar: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredBundle>;
  /** The same for a directory. Symbolic links are followed only inside the directory, else refused. `.git` is left out. */
  putDirectory(path: string, signal: AbortSignal): Promise<StoredBundle>;
  /**
   * The same for an archive that somebody sent: tar, gzip or zstd of a tar, or zip, whichever it is. Nothing in it can write outside of the
   * bundle. Error: `archive_refused`.
   */
  putArchive(path: string, signal: AbortSignal): Promise<StoredBundle>;
  has(bundle: string): Promise<boolean>;
  remove(bundle: string): Promise<void>;
  list(): Promise<readonly string[]>;
}

export interface StoredBundle {
  readonly bundle: string;
  readonly sizeBytes: number;
  readonly files: number;
}
