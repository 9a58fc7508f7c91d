import { StringDecoder } from 'node:string_decoder';

/** In characters. Nobody reads longer lines, and one that is cut in two could hold a secret that neither part shows to be one. */
const longestLine = 1024 * 1024;
const leftOut = `— a line of more than ${longestLine / 1024 / 1024} MiB is left out —`;

/** Cuts a stream of bytes into whole lines. Of a line that was drawn again and again (`\r`), only what was drawn last is kept. */
export interface LineSplitter {
  push(bytes: Uint8Array): readonly string[];
  /** The last line, if it had no end. */
  end(): readonly string[];
}

export function createLineSplitter(): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let tooLong = false;
  const whole = (line: string) => {
    const text = tooLong || line.length > longestLine ? leftOut : lastDrawn(line);
    tooLong = false;
    return text;
  };
  return {
    push(bytes) {
      // Only what is new is looked through: a long line may come in many small pieces.
      const [first = '', ...others] = decoder.write(Buffer.from(bytes)).split('\n');
      const parts = [rest + first, ...others];
      rest = parts.pop() ?? '';
      const lines = parts.map(whole);
      if (rest.length > longestLine) rest = drawnAnew(rest);
      if (rest.length > longestLine) {
        tooLong = true;
        rest = '';
      }
      return lines;
    },
    end() {
      const last = rest + decoder.end();
      rest = '';
      return last === '' && !tooLong ? [] : [whole(last)];
    },
  };
}

function lastDrawn(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}

/** Without what was drawn over; the last two, because the very last may be about to be drawn. */
function drawnAnew(line: string): string {
  return line.split('\r').slice(-2).join('\r');
}
