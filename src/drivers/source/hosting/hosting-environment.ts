import { prepareGitSurroundings } from '../git-surroundings.ts';

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
  return { ...(await prepareGitSurroundings(dir, configuration(maxBytes))), GIT_ALLOW_PROTOCOL: '' };
}

/** Refs of the platform's own are nobody else's business. */
export const hiddenRefs = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'transfer.hideRefs',
  GIT_CONFIG_VALUE_0: 'refs/cutover',
};
