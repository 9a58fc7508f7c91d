/** Where HAProxy keeps the lines that tell which hosts are waited for; so are messages of its own, which are nobody's. */
export const awaitedRing = 'awaited';
const mark = 'awaited';

/** A host has at most 253 characters. */
export const longestAwaited = 512;

/** As an expression of Lua, with the host in the variable `host`. */
export const awaitedLine = `"${mark} " .. host`;

/** null for what is not such a line. */
export function parseAwaited(line: string): string | null {
  return new RegExp(`^${mark} ([a-z0-9._-]{1,253})\\s*$`).exec(line)?.[1] ?? null;
}
