import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Writes Git's only configuration file and an empty home below `dir`, and returns the environment that names them: nothing of the machine's
 * or of anybody's own configuration counts, nobody is asked, and no object stands for another. What else a command needs is added to it.
 */
export async function prepareGitSurroundings(
  dir: string,
  configuration: string,
): Promise<Readonly<Record<string, string>>> {
  const home = join(dir, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const config = join(dir, 'gitconfig');
  await writeFile(config, configuration);
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}
