import { CutoverError } from '../../../contract/errors.ts';

/** The project of a command that takes it as an argument and with -p. Error: `usage` where the two differ. */
export function chooseProject(positional: string | undefined, option: string | undefined): string | undefined {
  if (positional !== undefined && option !== undefined && positional !== option) {
    throw new CutoverError('usage', `two projects are named: ${positional} and ${option}`);
  }
  return positional ?? option;
}
