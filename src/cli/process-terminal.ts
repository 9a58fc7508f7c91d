import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import type { WriteStream } from 'node:tty';
import type { Output, Terminal } from './terminal.ts';

interface ProcessTerminalOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** The terminal of this process. */
export function processTerminal({ env, signal }: ProcessTerminalOptions): Terminal {
  return {
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    env,
    fetch,
    signal,
    readInput: () => textOf(process.stdin),
    input: () => process.stdin,
    ask: (question, { hidden }) => ask(question, hidden, signal),
  };
}

function outputTo(stream: WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns || 80;
    },
  };
}

async function ask(question: string, hidden: boolean, signal: AbortSignal): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden ? silent : process.stderr;
  const reader = createInterface({ input: process.stdin, output, terminal: hidden });
  try {
    return await reader.question('', { signal });
  } finally {
    reader.close();
    if (hidden) process.stderr.write('\n');
  }
}
