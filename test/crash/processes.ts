import { readdirSync, readFileSync } from 'node:fs';

/** Whether any process of this machine has the text in its command line. */
export function isRunning(text: string): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && commandLine(Number(name)).includes(text));
}

/** Whether the process lives; one that is dead and not yet reaped does not. */
export function isAlive(pid: number): boolean {
  return commandLine(pid) !== '';
}

/** Empty for a process that is over. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}
