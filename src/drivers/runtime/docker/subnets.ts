/** An IPv4 range: `base` is its first address as a number, `bits` the length of its prefix. */
export interface Range {
  readonly base: number;
  readonly bits: number;
}

/** `10.210.0.0/16`; null when it is not IPv4 in that form. */
export function parseRange(text: string): Range | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return null;
  const [a, b, c, d, bits] = match.slice(1).map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined || bits === undefined) return null;
  if (Math.max(a, b, c, d) > 255 || bits > 32) return null;
  return aligned(a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d, bits);
}

export function formatRange({ base, bits }: Range): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${bits}`;
}

export function aligned(address: number, bits: number): Range {
  const size = 2 ** (32 - bits);
  return { base: address - (address % size), bits };
}

export function overlaps(a: Range, b: Range): boolean {
  return a.base < b.base + 2 ** (32 - b.bits) && b.base < a.base + 2 ** (32 - a.bits);
}

/** Ranges of `bits` within the pool that touch none of the taken ones, in ascending order. */
export function* freeRanges(pool: Range, bits: number, taken: readonly Range[]): Generator<Range> {
  const step = 2 ** (32 - bits);
  const end = pool.base + 2 ** (32 - pool.bits);
  for (let base = pool.base; base + step <= end; base += step) {
    const candidate = { base, bits };
    if (!taken.some((range) => overlaps(range, candidate))) yield candidate;
  }
}
