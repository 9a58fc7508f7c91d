import { CommanderError } from 'commander';
import { CutoverError } from '../contract/errors.ts';
import { toProblem } from '../contract/problem.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Code, what happened, and what to do next, on stderr; as a problem document with --json. */
export function reportError(error: unknown, terminal: Terminal, json: boolean): ExitCode {
  if (error instanceof CommanderError && isHelp(error)) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const known = asCutoverError(error);
  const text = json ? JSON.stringify(toProblem(known)) : describeError(known);
  terminal.stderr.write(`${text}\n`);
  return exitCodeOf(known);
}

export function describeError(error: { readonly code: string; readonly message: string; readonly next: string }) {
  return `error: ${error.code}: ${error.message}\n  next: ${error.next}`;
}

/** Help and version have been printed already. */
function isHelp(error: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code);
}

function asCutoverError(error: unknown): CutoverError {
  if (error instanceof CutoverError) return error;
  if (error instanceof CommanderError) {
    return new CutoverError('usage', error.message.replace(/^error: /, '').replaceAll('\n', ' '), { cause: error });
  }
  return new CutoverError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}
