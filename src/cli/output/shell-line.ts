/** What a command that is one line for the shell says; null where it is a list of arguments. */
export function shellLine(command: readonly string[]): string | null {
  const [shell, option, line] = command;
  const isLine = shell === '/bin/sh' && option === '-c' && command.length === 3;
  return isLine && line !== undefined ? line : null;
}
