import { StringDecoder } from 'node:string_decoder';

const longestLine = 64 * 1024;

/** Cuts a stream of bytes into lines. Of a line that was drawn again and again (`\r`), only what was drawn last is kept. */
export interface LineSplitter {
  push(bytes: Uint8Array): readonly string[];
  /** The last line, if it had no end. */
  end(): readonly string[];
}

export function createLineSplitter(): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(bytes) {
      const parts = (rest + decoder.write(Buffer.from(bytes))).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > longestLine) {
        parts.push(rest);
        rest = '';
      }
      return parts.map(lastDrawn);
    },
    end() {
      const last = rest + decoder.end();
      rest = '';
      return last === '' ? [] : [lastDrawn(last)];
    },
  };
}

function lastDrawn(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}
