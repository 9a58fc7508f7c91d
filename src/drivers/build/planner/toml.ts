import { notDetected } from './app.ts';

export type TomlTable = { [key: string]: unknown };

/**
 * TOML as manifests use it: tables, arrays of tables, dotted keys, strings of all four kinds, arrays and inline tables. Numbers, booleans and dates are
 * given as their text: nothing here counts. Errors: `app_not_detected` with the line.
 */
export function parseToml(text: string, name: string): TomlTable {
  const reader = new Reader(text.replace(/^\uFEFF/, ''), name);
  const document = newTable();
  let table = document;
  for (reader.skip(true); !reader.ended; reader.skip(true)) {
    if (reader.take('[[')) {
      table = appendTable(document, reader.keys(']]'), reader);
    } else if (reader.take('[')) {
      table = tableAt(document, reader.keys(']'), reader);
    } else {
      assign(table, reader.keys('='), reader);
    }
    reader.endLine();
  }
  return document;
}

function assign(table: TomlTable, keys: readonly string[], reader: Reader): void {
  const last = keys.at(-1) ?? reader.fail('a key is missing');
  tableAt(table, keys.slice(0, -1), reader)[last] = reader.value();
}

/** The last table of an array stands for the array, as later headers refer to it. */
function tableAt(from: TomlTable, keys: readonly string[], reader: Reader): TomlTable {
  let table = from;
  for (const key of keys) {
    table[key] ??= newTable();
    const found = table[key];
    const next: unknown = Array.isArray(found) ? found.at(-1) : found;
    if (!isTable(next)) reader.fail(`\`${key}\` is no table`);
    table = next;
  }
  return table;
}

function appendTable(document: TomlTable, keys: readonly string[], reader: Reader): TomlTable {
  const parent = tableAt(document, keys.slice(0, -1), reader);
  const last = keys.at(-1) ?? reader.fail('a key is missing');
  const list: unknown = (parent[last] ??= []);
  if (!Array.isArray(list)) reader.fail(`\`${last}\` is no array of tables`);
  const table = newTable();
  list.push(table);
  return table;
}

/** Without a prototype, so that no key means anything but itself. */
function newTable(): TomlTable {
  const table: TomlTable = Object.create(null);
  return table;
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', e: '\u001B' };
const deepest = 100;

class Reader {
  readonly #text: string;
  readonly #name: string;
  #at = 0;
  #depth = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  fail(what: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw notDetected(`${this.#name} is not valid TOML: line ${line}: ${what}`);
  }

  take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  /** Over spaces and comments, and over lines where these may follow. */
  skip(lines: boolean): void {
    this.#match(lines ? /(?:[ \t\r\n]+|#[^\n]*)*/y : /[ \t]*/y);
  }

  endLine(): void {
    if (this.#match(/[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y) === null) this.fail('a value goes on where the line should end');
  }

  /** A dotted key and what ends it. */
  keys(end: string): readonly string[] {
    const keys: string[] = [];
    do {
      this.skip(false);
      keys.push(this.#key());
      if (keys.length > deepest) this.fail('it is nested too deeply');
      this.skip(false);
    } while (this.take('.'));
    if (!this.take(end)) this.fail(`\`${end}\` is missing`);
    return keys;
  }

  value(): unknown {
    this.skip(false);
    if (this.take('"""')) return this.#unescape(this.#until(/((?:[^\\"]|\\[\s\S]|"(?!""))*"{0,2})"""/y, '"""'));
    if (this.take("'''")) return this.#until(/([\s\S]*?)'''/y, "'''").replace(/^\r?\n/, '');
    if (this.take('"')) return this.#unescape(this.#until(/((?:[^\\"\n]|\\.)*)"/y, '"'));
    if (this.take("'")) return this.#until(/([^'\n]*)'/y, "'");
    if (this.take('[')) return this.#nested(() => this.#array());
    if (this.take('{')) return this.#nested(() => this.#inlineTable());
    return this.#match(/[^\s,#\]}]+(?: \d\d:[^\s,#\]}]+)?/y) ?? this.fail('a value is missing');
  }

  #key(): string {
    const bare = this.#match(/[\w-]+/y);
    if (bare !== null) return bare;
    if (this.take('"')) return this.#unescape(this.#until(/((?:[^\\"\n]|\\.)*)"/y, '"'));
    if (this.take("'")) return this.#until(/([^'\n]*)'/y, "'");
    return this.fail('a key is missing');
  }

  #array(): unknown[] {
    const values: unknown[] = [];
    for (this.skip(true); !this.take(']'); this.skip(true)) {
      values.push(this.value());
      this.skip(true);
      if (!this.take(',') && !this.#text.startsWith(']', this.#at)) this.fail('`]` is missing');
    }
    return values;
  }

  #inlineTable(): TomlTable {
    const table = newTable();
    for (this.skip(true); !this.take('}'); this.skip(true)) {
      assign(table, this.keys('='), this);
      this.skip(true);
      if (!this.take(',') && !this.#text.startsWith('}', this.#at)) this.fail('`}` is missing');
    }
    return table;
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > deepest) this.fail('it is nested too deeply');
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #until(pattern: RegExp, end: string): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return this.fail(`\`${end}\` is missing`);
    this.#at = pattern.lastIndex;
    return match[1] ?? '';
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  #unescape(text: string): string {
    const escape = /\\(?:u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|([ \t]*\r?\n\s*)|(.))/g;
    return text.replace(/^\r?\n/, '').replaceAll(escape, (...found: readonly (string | undefined)[]) => {
      const [, four, eight, folded, one = ''] = found;
      if (folded !== undefined) return '';
      const code = Number.parseInt(four ?? eight ?? '', 16);
      if (Number.isNaN(code)) return escapes[one] ?? one;
      return code > 0x10_ff_ff ? '' : String.fromCodePoint(code);
    });
  }
}
