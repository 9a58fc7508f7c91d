/** By unit in lower case. */
export const msPerUnit: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** MiB, by unit in lower case. */
export const mbPerUnit: Readonly<Record<string, number>> = { m: 1, mb: 1, mib: 1, g: 1_024, gb: 1_024, gib: 1_024 };
