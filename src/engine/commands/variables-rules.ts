import { CutoverError } from '../../domain/errors.ts';
import { variableName } from '../../domain/variables.ts';
import type { NewVariable } from './commands.ts';

/** Linux takes at most 128 KiB for one `NAME=value`. */
const longestValueBytes = 100 * 1024;
const mostAtOnce = 1_000;

/** Throws `invalid_input` that names the variable (and never its value). */
export function checkVariables(variables: readonly NewVariable[]): void {
  if (variables.length > mostAtOnce) invalid(`variables: at most ${mostAtOnce} can be set at once`);
  const seen = new Set<string>();
  for (const variable of variables) {
    checkVariable(variable);
    if (seen.has(variable.name)) invalid(`${variable.name}: given twice`);
    seen.add(variable.name);
  }
}

function checkVariable({ name, value }: NewVariable): void {
  if (!variableName.test(name)) {
    invalid(`"${name}" cannot be the name of a variable: use letters, digits and _, with no digit first`);
  }
  if (isInjected(name)) invalid(`${name}: the platform sets it, so it cannot be set here`);
  if (value.includes('\0')) invalid(`${name}: the value has a NUL character`);
  if (new TextEncoder().encode(value).length > longestValueBytes) {
    invalid(`${name}: the value is longer than ${longestValueBytes} bytes`);
  }
}

function isInjected(name: string): boolean {
  return name === 'PORT' || name === 'HOST' || name.startsWith('CUTOVER_');
}

function invalid(message: string): never {
  throw new CutoverError('invalid_input', message);
}
