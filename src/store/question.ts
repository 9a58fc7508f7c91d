import { CompiledQuery, type Compilable, type Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** `about`: what differs from one time to the next, in the order in which it stands in the text. */
type Build<Row> = (db: Kysely<Database>, ...about: readonly string[]) => Compilable<Row>;

/**
 * A question that is asked all the time: its text is made once, because to build and compile the larger ones takes longer than to ask
 * them.
 */
export class Question<Row> {
  readonly #build: Build<Row>;
  #text: string | null = null;

  /** What is built must have the same text whatever it is about, and nothing but that as its parameters. */
  constructor(build: Build<Row>) {
    this.#build = build;
  }

  async ask(db: Kysely<Database>, ...about: readonly string[]): Promise<readonly Row[]> {
    this.#text ??= this.#textOf(db, about);
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(this.#text, [...about]));
    return rows;
  }

  #textOf(db: Kysely<Database>, about: readonly string[]): string {
    const { sql, parameters } = this.#build(db, ...about).compile();
    const same = parameters.length === about.length && parameters.every((value, index) => value === about[index]);
    if (!same) throw new Error(`a question is about something else than it was asked: ${sql}`);
    return sql;
  }
}
