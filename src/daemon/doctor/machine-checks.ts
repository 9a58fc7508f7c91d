import { execFile } from 'node:child_process';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { failed, reason, versioned, type Check } from './check.ts';

const run = promisify(execFile);
const tightBytes = 2e9;

/** Node's own version by default. */
export function checkNode(version: string = process.version): Check {
  return versioned('node', version);
}

export function checkGit(): Promise<Check> {
  return checkProgram('git', 'git', '--version');
}

/** Whether a program is there and recent enough, by the first line of its version. `name` is one of the parts the doctor knows. */
export async function checkProgram(name: string, path: string, versionArgument: string): Promise<Check> {
  try {
    const { stdout, stderr } = await run(path, [versionArgument], { timeout: 5_000 });
    return versioned(name, `${stdout}${stderr}`.trim().split('\n', 1)[0] ?? '');
  } catch (error) {
    return failed(name, reason(error));
  }
}

export async function checkDisk(path: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await existingParent(path));
  const free = bavail * bsize;
  const found = `${(free / 1e9).toFixed(1)} GB free at ${path}`;
  if (free >= tightBytes) return { name: 'disk', status: 'ok', found, fix: null };
  return { name: 'disk', status: 'warning', found, fix: 'Free some space: builds and images need it.' };
}

/** The directory itself may not have been made yet. */
async function existingParent(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists ? path : existingParent(dirname(path));
}
