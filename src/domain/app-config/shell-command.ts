/** A first word that is a program, not an assignment (`A=1 node …`). */
const programWord = /^[A-Za-z0-9_./-]+$/;

/** Quotes are not looked into, so this is careful rather than complete: a line it stops at runs as well, only not by `exec`. */
const compound = /[;&|(){}<>`\n\\]/;

/** What the shell does itself; `exec` would look for a program of that name. */
const shellWords: ReadonlySet<string> = new Set(
  (
    '. : ! [ [[ alias bg break case cd command continue do done elif else esac eval exec exit export false fg fi for function ' +
    'getopts if jobs local read readonly return select set shift source test then time times trap true type ulimit umask unalias ' +
    'unset until wait while'
  ).split(' '),
);

/**
 * The argument vector of a command that is written as one text: a line for the shell inside the container, with its variables
 * (`puma -p $PORT`). Where it is one plain command it replaces the shell, so that SIGTERM reaches the app and not a shell that
 * keeps it to itself; anything else is passed to the shell as it is. An image without a shell needs a list of arguments instead.
 */
export function shellCommand(line: string): readonly string[] {
  const text = line.trim();
  const [first = ''] = text.split(/\s/, 1);
  const plain = programWord.test(first) && !shellWords.has(first) && !compound.test(text);
  return ['/bin/sh', '-c', plain ? `exec ${text}` : text];
}
