/** An instruction of a Dockerfile where it stands in the text; comments and heredocs are no instructions. */
export interface PlacedInstruction {
  /** Upper case; of `ONBUILD RUN` it is `RUN`. */
  readonly name: string;
  /** Offset just after the name. */
  readonly from: number;
  /** Offset just after its last line, without the line's end. */
  readonly to: number;
}

/** A flag of an instruction, such as `--mount=type=cache,target=/x`. */
export interface PlacedFlag {
  readonly name: string;
  /** Without the quotes that the Dockerfile's reader takes away. */
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

interface Line {
  readonly text: string;
  readonly start: number;
}

export function placedInstructions(dockerfile: string): readonly PlacedInstruction[] {
  const lines = linesOf(dockerfile);
  const escape = escapeCharacter(dockerfile);
  const found: PlacedInstruction[] = [];
  for (let index = 0; index < lines.length;) {
    const first = lines[index];
    const last = lastLine(lines, index, escape);
    const head = first === undefined ? null : /^[\s\uFEFF]*(?:ONBUILD\s+)?([A-Za-z]+)(?=\s|$)/i.exec(first.text);
    index = last + 1;
    if (head === null || first === undefined || isComment(first.text)) continue;
    const { start, text } = lines[last] ?? first;
    const placed = {
      name: (head[1] ?? '').toUpperCase(),
      from: first.start + head[0].length,
      to: start + text.length,
    };
    found.push(placed);
    if (['RUN', 'COPY', 'ADD'].includes(placed.name))
      index = afterHeredocs(lines, index, dockerfile.slice(placed.from, placed.to));
  }
  return found;
}

/** The flags that an instruction begins with, and where what follows them begins. */
export function placedFlags(
  dockerfile: string,
  { from, to }: PlacedInstruction,
): { readonly flags: readonly PlacedFlag[]; readonly rest: number } {
  const gap = gapPattern(escapeCharacter(dockerfile));
  const flags: PlacedFlag[] = [];
  for (let at = from; ;) {
    gap.lastIndex = at;
    const start = at + (gap.exec(dockerfile)?.[0].length ?? 0);
    if (start >= to || !dockerfile.startsWith('--', start)) return { flags, rest: Math.min(start, to) };
    const { word, end } = readWord(dockerfile, start, to);
    const [name = '', ...value] = word.slice(2).split('=');
    flags.push({ name, value: value.join('='), from: start, to: end });
    at = end;
  }
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const piece of text.split('\n')) {
    lines.push({ text: piece.replace(/\r$/, ''), start });
    start += piece.length + 1;
  }
  return lines;
}

/** Comments and empty lines do not end an instruction that is continued. */
function lastLine(lines: readonly Line[], first: number, escape: string): number {
  if (isComment(lines[first]?.text ?? '')) return first;
  let last = first;
  while (last + 1 < lines.length && continues(lines[last]?.text ?? '', escape)) {
    last += 1;
    while (last + 1 < lines.length && isComment(lines[last]?.text ?? '', true)) last += 1;
  }
  return last;
}

function continues(text: string, escape: string): boolean {
  return text.trimEnd().endsWith(escape);
}

function isComment(text: string, orEmpty = false): boolean {
  return /^\s*#/.test(text) || (orEmpty && text.trim() === '');
}

/** Index of the line after the ends of all heredocs that the instruction opens; one without an end is none. */
function afterHeredocs(lines: readonly Line[], index: number, instruction: string): number {
  let next = index;
  for (const [, dash = '', , name = ''] of instruction.matchAll(/(?:^|\s)\d*<<(-?)(["']?)([A-Za-z_]\w*)\2(?=\s|$)/g)) {
    const ends = (line: Line) => (dash === '' ? line.text : line.text.replace(/^\t+/, '')) === name;
    const end = lines.findIndex((line, at) => at >= next && ends(line));
    if (end >= 0) next = end + 1;
  }
  return next;
}

/** Directives are comments of the form `# key=value` before anything else. */
function escapeCharacter(dockerfile: string): string {
  const directives = /^(?:\uFEFF)?(?:\s*#\s*\w+\s*=.*\r?\n)*/.exec(dockerfile)?.[0] ?? '';
  return /#\s*escape\s*=\s*`/i.test(directives) ? '`' : '\\';
}

/** What may stand between words: blanks, and line ends that are continued, with comments after them. */
function gapPattern(escape: string): RegExp {
  const continued = `${escape === '`' ? '`' : String.raw`\\`}[ \\t]*\\r?\\n(?:[ \\t]*(?:#[^\\n]*)?\\r?\\n)*`;
  return new RegExp(`(?:[ \\t]|${continued})*`, 'y');
}

/** As Docker reads a flag: quotes go, and a backslash keeps the sign after it. */
function readWord(text: string, start: number, limit: number): { readonly word: string; readonly end: number } {
  let word = '';
  let quote = '';
  let at = start;
  for (; at < limit; at += 1) {
    const sign = text[at] ?? '';
    if (quote === '' && /\s/.test(sign)) break;
    if (sign === quote) quote = '';
    else if (quote === '' && (sign === '"' || sign === "'")) quote = sign;
    else if (sign === '\\' && /\s/.test(text[at + 1] ?? ' ') && quote === '') break;
    else if (sign === '\\') word += text[(at += 1)] ?? '';
    else word += sign;
  }
  return { word, end: at };
}
