import { isAlias, isMap, isNode, isScalar, isSeq, type Alias, type Document, type Node, type YAMLMap } from 'yaml';
import type { DocumentPath, DocumentProblem } from '../../domain/app-config.ts';
import { quoted } from '../../domain/app-config/quoted.ts';

/** More than any configuration has; what aliases repeat is counted every time. */
const mostValues = 5_000;
/** Finding what an alias stands for costs a walk through the document. */
const mostAliases = 100;
const deepest = 64;

/** A problem with its offset in the text. */
export interface LocatedProblem {
  readonly offset: number;
  readonly message: string;
}

/** The document as maps, lists, texts, numbers, booleans and null, and where each of them stands. */
export interface PlainValue {
  readonly value: unknown;
  readonly problems: readonly LocatedProblem[];
  /** Offset of a key or value; of the nearest thing around it where it is not there itself. */
  readonly offsetOf: (problem: Pick<DocumentProblem, 'path' | 'at'>) => number;
}

/** Refuses tags, keys that are no texts, keys that are given twice, and aliases that make more of the text than it is. */
export function plainValue(document: Document.Parsed): PlainValue {
  const walk = new Walk(document);
  const value = document.contents === null ? null : walk.value(document.contents, []);
  // A file of comments says nothing, which is fine.
  return { value: value ?? {}, problems: walk.problems, offsetOf: ({ path, at }) => walk.offsetOf(path, at) };
}

class Walk {
  readonly problems: LocatedProblem[] = [];
  readonly #document: Document.Parsed;
  readonly #keys = new Map<string, number>();
  readonly #values = new Map<string, number>();
  #count = 0;
  #aliases = 0;

  constructor(document: Document.Parsed) {
    this.#document = document;
  }

  value(node: Node, path: DocumentPath): unknown {
    const offset = node.range?.[0] ?? 0;
    this.#values.set(place(path), offset);
    this.#count += 1;
    if (this.#count > mostValues || path.length > deepest) {
      if (!this.#isFull) this.#refuse(offset, `has more than ${mostValues} values, aliases resolved`);
      return null;
    }
    if (isAlias(node)) return this.#alias(node, offset, path);
    if (node.tag !== undefined) this.#refuse(offset, 'must not have tags (words that begin with !)');
    if (isMap(node)) return this.#map(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.#item(item, [...path, index], offset));
    return isScalar(node) ? node.value : null;
  }

  offsetOf(path: DocumentPath, at: 'key' | 'value'): number {
    const here = (at === 'key' ? this.#keys : this.#values).get(place(path));
    if (here !== undefined || path.length === 0) return here ?? 0;
    const around = path.slice(0, -1);
    return this.#keys.get(place(around)) ?? this.offsetOf(around, 'value');
  }

  get #isFull(): boolean {
    return this.#count > mostValues + 1;
  }

  #alias(alias: Alias, offset: number, path: DocumentPath): unknown {
    this.#aliases += 1;
    if (this.#aliases > mostAliases) {
      if (this.#aliases === mostAliases + 1) this.#refuse(offset, `is one of more than ${mostAliases} aliases`);
      return null;
    }
    const target = alias.resolve(this.#document);
    if (target !== undefined) return this.value(target, path);
    this.#refuse(offset, 'is an alias of nothing that stands before it');
    return null;
  }

  #map(map: YAMLMap, path: DocumentPath): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    for (const { key, value } of map.items) {
      const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
      const name = isScalar(key) && key.tag === undefined ? key.value : null;
      if (typeof name !== 'string' || name === '__proto__') {
        this.#refuse(offset, 'must have a text as its key');
      } else if (entries.has(name)) {
        this.#refuse(offset, `the key ${quoted(name)} is given twice`);
      } else {
        this.#keys.set(place([...path, name]), offset);
        entries.set(name, this.#item(value, [...path, name], offset));
      }
    }
    return Object.fromEntries(entries);
  }

  #item(item: unknown, path: DocumentPath, offset: number): unknown {
    if (isNode(item)) return this.value(item, path);
    this.#values.set(place(path), offset);
    return null;
  }

  #refuse(offset: number, message: string): void {
    this.problems.push({ offset, message });
  }
}

function place(path: DocumentPath): string {
  return JSON.stringify(path);
}
