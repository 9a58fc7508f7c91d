import { Composer, LineCounter, Parser, type CST, type Document } from 'yaml';

/** A place in a text, from 1. */
interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export interface TextProblem {
  /** null: the text as a whole. */
  readonly place: TextPlace | null;
  readonly message: string;
}

export interface YamlText {
  /** null where the text cannot be taken as YAML at all. */
  readonly document: Document.Parsed | null;
  readonly problems: readonly TextProblem[];
  /** Of an offset in the text. */
  readonly place: (offset: number) => TextPlace;
}

/** Deeper than any configuration, and shallow enough for everything that calls itself for each level. */
const deepest = 32;

const options = {
  version: '1.2',
  schema: 'core',
  merge: false,
  strict: true,
  // Found by whoever walks through it: here it costs the square of the number of keys.
  uniqueKeys: false,
  logLevel: 'silent',
} as const;

/**
 * YAML 1.2 with its core schema only: `no` and `on` are texts and `<<` is a key like any other. Directives, which could change
 * this, are refused, and so is a second document.
 */
export function parseYaml(text: string): YamlText {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const place = (offset: number): TextPlace => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (tokens.some((token) => isDeeper(token, deepest))) {
    return {
      document: null,
      problems: [{ place: null, message: `is nested more than ${deepest} levels deep` }],
      place,
    };
  }
  const [document, second] = new Composer(options).compose(tokens, true, text.length);
  if (document === undefined || !('contents' in document)) throw new Error('a forced document is missing');
  const problems: TextProblem[] = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    place: place(pos[0]),
    message: `is not valid YAML here: ${plain(message)}`,
  }));
  if (tokens.some(({ type }) => type === 'directive')) {
    problems.unshift({ place: null, message: 'must not have directives (lines that begin with %)' });
  }
  if (second !== undefined) problems.push({ place: place(second.range[0]), message: 'must be one document' });
  return { document, problems, place };
}

function isDeeper(token: CST.Token | null | undefined, levels: number): boolean {
  if (token === null || token === undefined) return false;
  if (token.type === 'document') return isDeeper(token.value, levels);
  if (!('items' in token)) return false;
  if (levels === 0) return true;
  return token.items.some(({ key, value }) => isDeeper(key, levels - 1) || isDeeper(value, levels - 1));
}

/** One line, without what could move a cursor. */
function plain(message: string): string {
  return message
    .replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 200);
}
