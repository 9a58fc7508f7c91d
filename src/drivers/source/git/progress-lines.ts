/**
 * Turns a stream of text into whole lines; of a line that was redrawn with `\r` only what was last drawn is kept. Terminal
 * codes that Git adds to what the server says are removed.
 */
export function progressLines(onLine: (line: string) => void) {
  let rest = '';
  const emit = (line: string) => {
    const drawn = line.split('\r').findLast((part) => part.trim() !== '');
    if (drawn !== undefined) onLine(drawn.replaceAll('\u001b[K', '').trimEnd());
  };
  return {
    push: (text: string): void => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      // A redraw makes what was drawn before it irrelevant: memory stays bounded however long the progress runs.
      const redraw = rest.lastIndexOf('\r', rest.length - 2);
      if (redraw > 0) rest = rest.slice(redraw + 1);
      for (const line of lines) emit(line);
    },
    end: (): void => {
      emit(rest);
      rest = '';
    },
  };
}
