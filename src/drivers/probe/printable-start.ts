const longest = 200;
/** Enough bytes for that many characters of any kind. */
const enoughBytes = longest * 4;

/** The start of a body as one line of text: at most 200 characters, without control characters. */
export function printableStart(body: Buffer): string {
  const text = body.subarray(0, enoughBytes).toString();
  const line = text.replace(/[\p{C}\p{Z}\s\u{FFFD}]+/gu, ' ').trim();
  // A pair of surrogates cut in half is dropped.
  return line
    .slice(0, longest)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trimEnd();
}
