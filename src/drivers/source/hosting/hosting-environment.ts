import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Git's whole configuration where it serves. What is pushed is checked object by object; faults that old versions of Git left in many
 * histories, and that do nobody harm, are not held against a push. Every push is kept as one pack, so that its size is easy to see.
 */
function configuration(maxBytes: number): string {
  const harmless = ['zeroPaddedFilemode', 'missingSpaceBeforeDate', 'badTimezone', 'badDate', 'missingNameBeforeEmail'];
  return [
    '[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tbigFileThreshold = 32m',
    '[receive]\n\tfsckObjects = true\n\tunpackLimit = 1\n\tautogc = false\n\tupdateServerInfo = false',
    `\tmaxInputSize = ${maxBytes}\n\tadvertiseAtomic = false\n\tadvertisePushOptions = false\n\tkeepAlive = 5`,
    ...harmless.map((name) => `[receive "fsck"]\n\t${name} = warn`),
    '[transfer]\n\tadvertiseSID = false\n[gc]\n\tauto = 0\n\tautoDetach = false\n\tpruneExpire = 14.days.ago\n[maintenance]\n\tauto = false',
    '[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n[pack]\n\tthreads = 1',
    '',
  ].join('\n');
}

/** Writes it below `dir` and returns the environment that names it. */
export async function prepareHosting(dir: string, maxBytes: number): Promise<Readonly<Record<string, string>>> {
  const home = join(dir, 'home');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const config = join(dir, 'gitconfig');
  await writeFile(config, configuration(maxBytes));
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: '',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

/** Refs of the platform's own are nobody else's business. */
export const hiddenRefs = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'transfer.hideRefs',
  GIT_CONFIG_VALUE_0: 'refs/cutover',
};
