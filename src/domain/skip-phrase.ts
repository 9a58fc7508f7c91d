const what = 'ci|cd|deploy|cutover';
const phrase = new RegExp(`\\[ ?(?:(?:skip|no)[ -](?:${what})|(?:${what})[ -]skip) ?\\]`, 'i');

/** What in a commit's message asks that it be not deployed, as it is written there: `[skip ci]`, `[no deploy]`; null: nothing does. */
export function skipPhraseOf(message: string): string | null {
  return phrase.exec(message)?.[0] ?? null;
}
