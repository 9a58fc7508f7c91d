import { Cli } from './cli.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { LocalOperations } from './local-operations.ts';
import { buildProgram } from './program.ts';
import { reportError } from './report-error.ts';
import type { Terminal } from './terminal.ts';

export interface MainOptions {
  /** Without the names of the interpreter and the program. */
  readonly args: readonly string[];
  readonly terminal: Terminal;
  /** Loaded only by the commands that touch the machine. */
  readonly loadLocal: () => Promise<LocalOperations>;
  /** Version of the product. */
  readonly version: string;
}

/** Runs a command line to its exit code. Never throws. */
export async function main({ args, terminal, loadLocal, version }: MainOptions): Promise<ExitCode> {
  const cli = new Cli(terminal, loadLocal);
  try {
    await buildProgram(cli, terminal, version).parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (terminal.signal.aborted) return exitCodes.interrupted;
    return reportError(error, terminal, args.includes('--json'));
  }
}
