import { readFile } from 'node:fs/promises';
import { aligned } from './subnets.ts';
import type { Range } from './subnets.ts';

/** Ranges the machine already knows a way to, without the default route. Empty where the kernel does not say (not Linux). */
export async function hostRoutes(): Promise<readonly Range[]> {
  try {
    return parseRoutes(await readFile('/proc/net/route', 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** `/proc/net/route`: destination and mask are columns 2 and 8, hexadecimal with the bytes reversed. */
export function parseRoutes(text: string): readonly Range[] {
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  return rows
    .map((columns) => aligned(reversedHex(columns[1] ?? ''), prefixLength(reversedHex(columns[7] ?? ''))))
    .filter((range) => range.bits > 0);
}

function reversedHex(text: string): number {
  const bytes = text.match(/../g) ?? [];
  return bytes.toReversed().reduce((sum, byte) => sum * 256 + Number.parseInt(byte, 16), 0);
}

function prefixLength(mask: number): number {
  return 32 - Math.log2(2 ** 32 - mask);
}
