import type { LogLine } from '../../../engine/ports/logs.ts';

/**
 * The file: one JSON object per line. `t` epoch ms, `s` stream (o, e, y), `m` text, `p` position. `{"cut":true,…}` is the line
 * that says that the log reached its limit. The last line of a log whose writer was closed is the end marker.
 */
export const endMarker = '{"end":true}\n';

interface StoredLine {
  readonly t: number;
  readonly s: keyof typeof streams;
  readonly m: string;
  readonly p?: string;
  readonly cut?: boolean;
}

const streams = { o: 'stdout', e: 'stderr', y: 'system' } as const;
const letters = { stdout: 'o', stderr: 'e', system: 'y' } as const;

/** Ends in a newline. */
export function encodeLine(line: LogLine, cut = false): string {
  const stored: StoredLine = {
    t: line.at,
    s: letters[line.stream],
    m: line.text,
    ...(line.position === undefined ? {} : { p: line.position }),
    ...(cut ? { cut } : {}),
  };
  return `${JSON.stringify(stored)}\n`;
}

export type DecodedLine =
  | { readonly type: 'line'; readonly line: LogLine; readonly cut: boolean }
  | { readonly type: 'end' };

/** A line that cannot be read (a damaged file) comes as it stands, so that a reader gets over it. */
export function decodeLine(text: string): DecodedLine {
  if (text === endMarker.trimEnd()) return { type: 'end' };
  const stored = parse(text);
  if (stored === null) {
    return { type: 'line', line: { at: 0, stream: 'system', text: `[unreadable] ${text.slice(0, 200)}` }, cut: false };
  }
  const line: LogLine = {
    at: stored.t,
    stream: streams[stored.s],
    text: stored.m,
    ...(stored.p === undefined ? {} : { position: stored.p }),
  };
  return { type: 'line', line, cut: stored.cut === true };
}

function parse(text: string): StoredLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return isStoredLine(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isStoredLine(value: unknown): value is StoredLine {
  if (typeof value !== 'object' || value === null) return false;
  const known = 's' in value && typeof value.s === 'string' && value.s in streams;
  return known && 't' in value && typeof value.t === 'number' && 'm' in value && typeof value.m === 'string';
}
