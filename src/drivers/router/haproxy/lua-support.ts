import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether this HAProxy can run scripts. A program that cannot be asked is taken for one that can: its start says what is wrong. */
export async function hasLua(haproxyBin: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(haproxyBin, ['-vv'], { timeout: 5_000 });
    return !/^Feature list *:.* -LUA\b/m.test(stdout);
  } catch {
    return true;
  }
}
