import { createHash } from 'node:crypto';

/** From so many uses on. */
const usualFrom = 5;
/** Each costs every session some memory for its plan. */
const mostNames = 48;
/** Texts that are counted and have no name yet. */
const mostCounted = 1_000;

/**
 * Names for the statements that are asked again and again: PostgreSQL then reads and plans them once in a session, which for the larger
 * ones takes longer than to answer them.
 */
export class PreparedStatements {
  readonly #names = new Map<string, string>();
  readonly #uses = new Map<string, number>();

  /** null: it is not asked often enough, or there are enough of them. */
  nameFor(text: string): string | null {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (this.#names.size >= mostNames) return null;
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses < usualFrom) {
      // Texts of every length of a list would be kept for ever.
      if (this.#uses.size >= mostCounted) this.#uses.clear();
      this.#uses.set(text, uses);
      return null;
    }
    this.#uses.delete(text);
    const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    this.#names.set(text, name);
    return name;
  }
}
