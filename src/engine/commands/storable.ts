/** The same with every text in it as the database can keep it: without NUL, and without half a character. */
export function storable<T>(value: T): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- texts become texts
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? kept(one) : one))) as T;
}

function kept(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{fffd}');
}
