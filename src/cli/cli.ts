import { Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { LocalOperations } from './local-operations.ts';
import { Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** What a command's work gives back; nothing means 0. */
export type Outcome = Promise<ExitCode | void>;

/** What the commands are built with; holds how the run ended. */
export class Cli {
  exitCode: ExitCode = exitCodes.ok;
  readonly #terminal: Terminal;
  readonly #loadLocal: () => Promise<LocalOperations>;

  constructor(terminal: Terminal, loadLocal: () => Promise<LocalOperations>) {
    this.#terminal = terminal;
    this.#loadLocal = loadLocal;
  }

  /** A commander action: `run` gets a session, then the arguments and the options as commander parsed them. */
  action(run: (session: Session, ...args: never[]) => Outcome) {
    return async (...args: unknown[]): Promise<void> => {
      const command = args.pop();
      const json = command instanceof Command && command.optsWithGlobals()['json'] === true;
      const session = new Session({ terminal: this.#terminal, loadLocal: this.#loadLocal, json });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commander gives what the command declares
      this.exitCode = (await run(session, ...(args as never[]))) ?? exitCodes.ok;
    };
  }
}
