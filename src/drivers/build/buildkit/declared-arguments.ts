import { placedInstructions } from './run-instructions.ts';

/** With what is quoted in it. */
const word = /(?:[^\s"'\\]|\\[^\n]|"(?:\\[^]|[^"\\])*"|'[^']*')+/g;

/**
 * A Dockerfile that does not declare these build arguments: BuildKit gives those of proxies to every step all the same, and writes what is
 * declared into the image's history. Lines keep their numbers.
 */
export function withoutArguments(dockerfile: string, names: ReadonlySet<string>): string {
  let result = '';
  let copied = 0;
  for (const { name, from, to } of placedInstructions(dockerfile)) {
    const text = dockerfile.slice(from, to);
    const start = from - name.length;
    // What a derived image does with `ONBUILD` is another build's.
    if (name !== 'ARG' || !/(^|\n)[\s\uFEFF]*$/.test(dockerfile.slice(0, start))) continue;
    const declared = wordsOf(text);
    const kept = declared.filter((one) => !names.has(one.split('=')[0] ?? ''));
    if (kept.length === declared.length) continue;
    const lines = '\n'.repeat(text.split('\n').length - 1);
    result += dockerfile.slice(copied, start) + (kept.length === 0 ? '' : `ARG ${kept.join(' ')}`) + lines;
    copied = to;
  }
  return result + dockerfile.slice(copied);
}

/** Comments between lines, and the signs that let a line go on, are no words. */
function wordsOf(text: string): readonly string[] {
  const words = text.replaceAll(/\n[ \t]*#.*/g, '\n').match(word) ?? [];
  return words.filter((one) => one !== '`');
}
