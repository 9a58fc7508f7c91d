import { main } from '../cli/main.ts';
import { processTerminal } from '../cli/process-terminal.ts';
import { version } from './version.ts';

/** The process behind `bin/cutover`. What touches the machine is loaded only by the commands that need it. */
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
// A reader that has seen enough (`cutover … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  interrupted.abort();
});

process.exitCode = await main({
  args: process.argv.slice(2),
  terminal: processTerminal({ env: process.env, signal: interrupted.signal }),
  loadLocal: async () => (await import('./local-operations.ts')).createLocalOperations(),
  version,
});
