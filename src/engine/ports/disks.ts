/** How much room there is. */
export interface Disks {
  /** Of the disk on which the path is; of its nearest parent where it does not exist. */
  space(path: string): Promise<DiskSpace>;
}

export interface DiskSpace {
  /** What a user without privileges may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}
