export interface ExpansionLimits {
  /** Of everything, also directories and links. */
  readonly entries: number;
  /** Of all contents together, with nothing compressed any more. */
  readonly bytes: number;
  /** How many times as large as the archive that may be; what comes to less than `freeBytes` may be. */
  readonly ratio: number;
  readonly freeBytes: number;
}

/** What the contents of an archive of this size may come to, in bytes. */
export function mostContent({ bytes, ratio, freeBytes }: ExpansionLimits, archiveBytes: number): number {
  return Math.min(bytes, Math.max(freeBytes, archiveBytes * ratio));
}

/** Of an entry: its header, a long name and what fills its last block. */
const mostAround = 4_096;

/** What a tar stream may come to with all that is around the contents, of which an archive can be made as well. */
export function mostTar(limits: ExpansionLimits, archiveBytes: number): number {
  return mostContent(limits, archiveBytes) + limits.entries * mostAround;
}
