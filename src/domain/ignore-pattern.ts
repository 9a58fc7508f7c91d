/** One thing that a pattern asks of a path; a character is a code point. */
type Part =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly Range[] }
  /** `?`, `*`: never across a slash. */
  | { readonly kind: 'one' }
  | { readonly kind: 'some' }
  /** `**`, but at the end: nothing, or directories with the slash behind them. It is two parts: before them, and in them. */
  | { readonly kind: 'directories' }
  | { readonly kind: 'in-directories' }
  /** `**` at the end. */
  | { readonly kind: 'anything' };

interface Range {
  readonly low: string;
  readonly high: string;
}

/** Read by `parseIgnorePattern`. */
export type IgnorePattern = readonly Part[];

/** A pattern of a `.dockerignore`, without its `!`, as Docker reads it. Throws SyntaxError with what is wrong with it. */
export function parseIgnorePattern(text: string): IgnorePattern {
  const parts: Part[] = [];
  const characters = Array.from(clean(text));
  for (let at = 0; at < characters.length;) {
    const { part, end } = partAt(characters, at);
    parts.push(part);
    if (part.kind === 'directories') parts.push({ kind: 'in-directories' });
    at = end;
  }
  return parts;
}

/**
 * Whether it names the path, or a directory that the path is in. All ways of reading the pattern are followed side by side: the time
 * grows with the path and the pattern alone, whatever somebody wrote into a repository.
 */
export function matchesIgnorePattern(pattern: IgnorePattern, path: string): boolean {
  let places = new Set<number>();
  arrive(pattern, 0, places);
  for (const character of path) {
    if (character === '/' && places.has(pattern.length)) return true;
    const next = new Set<number>();
    for (const place of places) step(pattern, place, character, next);
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(pattern.length);
}

/** Adds the place, and those that are reached from it without another character. */
function arrive(pattern: IgnorePattern, place: number, places: Set<number>): void {
  places.add(place);
  const kind = pattern[place]?.kind;
  if (kind === 'some' || kind === 'anything') arrive(pattern, place + 1, places);
  if (kind !== 'directories') return;
  places.add(place + 1);
  arrive(pattern, place + 2, places);
}

function step(pattern: IgnorePattern, place: number, character: string, next: Set<number>): void {
  const part = pattern[place];
  if (part === undefined || part.kind === 'directories') return;
  if (part.kind === 'in-directories') {
    next.add(place);
    if (character === '/') arrive(pattern, place + 1, next);
  } else if (part.kind === 'anything' || (part.kind === 'some' && character !== '/')) arrive(pattern, place, next);
  else if (takes(part, character)) arrive(pattern, place + 1, next);
}

function takes(part: Part, character: string): boolean {
  if (part.kind === 'character') return part.character === character;
  if (part.kind === 'one') return character !== '/';
  if (part.kind !== 'class') return false;
  const code = codeOf(character);
  return part.ranges.some(({ low, high }) => codeOf(low) <= code && code <= codeOf(high)) !== part.negated;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** As Go's `filepath.Clean`, and without the slash at the start. */
function clean(text: string): string {
  const kept: string[] = [];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') kept.push(name);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!text.startsWith('/')) kept.push(name);
  }
  return kept.join('/');
}

interface Read<T> {
  readonly part: T;
  /** Of what comes behind it. */
  readonly end: number;
}

function partAt(characters: readonly string[], at: number): Read<Part> {
  const character = characters[at] ?? '';
  if (character === '?') return { part: { kind: 'one' }, end: at + 1 };
  if (character === '[') return classAt(characters, at + 1);
  if (character === '*' && characters[at + 1] === '*') return starsAt(characters, at);
  if (character === '*') return { part: { kind: 'some' }, end: at + 1 };
  const { part, end } = plainAt(characters, at);
  return { part: { kind: 'character', character: part }, end };
}

function starsAt(characters: readonly string[], at: number): Read<Part> {
  const end = characters[at + 2] === '/' ? at + 3 : at + 2;
  if (end >= characters.length) return { part: { kind: 'anything' }, end };
  // At the start and before nothing but characters Docker takes it for any beginning: `**.log` is `a.log` too.
  const isSuffix = at === 0 && end === 2 && characters.slice(end).every((one) => !'*?[]\\'.includes(one));
  return { part: { kind: isSuffix ? 'anything' : 'directories' }, end };
}

/** As in Go: at least one range, a `-` or a `]` among them only behind a backslash. */
function classAt(characters: readonly string[], start: number): Read<Part> {
  const negated = characters[start] === '^';
  const ranges: Range[] = [];
  let at = negated ? start + 1 : start;
  while (ranges.length === 0 || characters[at] !== ']') {
    const low = boundAt(characters, at);
    const high = characters[low.end] === '-' ? boundAt(characters, low.end + 1) : low;
    if (codeOf(high.part) < codeOf(low.part))
      throw new SyntaxError(`the range ${low.part}-${high.part} ends before it begins`);
    ranges.push({ low: low.part, high: high.part });
    at = high.end;
  }
  return { part: { kind: 'class', negated, ranges }, end: at + 1 };
}

function boundAt(characters: readonly string[], at: number): Read<string> {
  const character = characters[at];
  if (character === undefined) throw new SyntaxError('a "[" has no "]"; write "\\[" for the character itself');
  if (character === ']' || character === '-')
    throw new SyntaxError(`"${character}" stands where "[" needs a character; write "\\${character}" for it`);
  return plainAt(characters, at);
}

function plainAt(characters: readonly string[], at: number): Read<string> {
  const character = characters[at] ?? '';
  if (character !== '\\') return { part: character, end: at + 1 };
  const escaped = characters[at + 1];
  if (escaped === undefined)
    throw new SyntaxError('a "\\" has nothing behind it; write "\\\\" for the character itself');
  return { part: escaped, end: at + 2 };
}
