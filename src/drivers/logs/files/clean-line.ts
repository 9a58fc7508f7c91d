/** A line as a terminal would leave it, cut into pieces of at most this many bytes of UTF-8. */
export const maxPieceBytes = 16 * 1024;

// Control characters are what these patterns are about.
/* oxlint-disable no-control-regex */
const suspicious = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;
const colour = /^\u001b\[[0-9;:]*m$/;
/** In this order: CSI sequences, strings with their terminator (titles, links), other escapes, single control characters. */
const sequences = new RegExp(
  [
    '\\u001b\\[[0-?]*[ -/]*[@-~]?',
    '\\u009b[0-?]*[ -/]*[@-~]?',
    '(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)',
    '\\u001b[ -/]*[0-~]?',
    '[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f]',
  ].join('|'),
  'g',
);
/* oxlint-enable no-control-regex */

/** Of `\r` redraws keeps what was drawn last; colours (SGR) stay, every other control sequence and character goes. */
export function cleanLine(text: string): string {
  if (!suspicious.test(text)) return text;
  return lastDrawn(text).replace(sequences, (sequence) => (colour.test(sequence) ? sequence : ''));
}

function lastDrawn(text: string): string {
  if (!text.includes('\r')) return text;
  return text.split('\r').findLast((part) => part.replace(sequences, '') !== '') ?? '';
}

/** Cuts between characters, never inside one. */
export function splitLine(text: string): readonly string[] {
  if (text.length * 3 <= maxPieceBytes || Buffer.byteLength(text) <= maxPieceBytes) return [text];
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length;) {
    let end = Math.min(start + maxPieceBytes, bytes.length);
    while (end < bytes.length && (bytes.readUInt8(end) & 0xc0) === 0x80) end -= 1;
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  return pieces;
}
