import { prepareGitSurroundings } from '../git-surroundings.ts';
import type { GitProtocol } from './repository-url.ts';

/**
 * Everything Git must not do on its own: ask, run hooks or monitors, remember credentials, start work in the background.
 * It is a file, not arguments, because Git's own children (upload-pack for file://) do not get the arguments' settings.
 */
function configuration(allowed: readonly GitProtocol[]): string {
  const fileAllowed = allowed.includes('file');
  return [
    '[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\taskPass =\n\tbigFileThreshold = 32m',
    '[credential]\n\thelper =',
    `[protocol]\n\tversion = 2\n[protocol "file"]\n\tallow = ${fileAllowed ? 'always' : 'never'}`,
    '[http]\n\tlowSpeedLimit = 100\n\tlowSpeedTime = 60',
    // One file for each fetch, whose growth can be watched; large files go through memory in pieces.
    '[fetch]\n\tunpackLimit = 1',
    '[gc]\n\tauto = 0\n\tautoDetach = false\n[maintenance]\n\tauto = false',
    '[advice]\n\tdetachedHead = false\n[init]\n\tdefaultBranch = main',
    // A local repository of another user is only ever read.
    ...(fileAllowed ? ['[safe]\n\tdirectory = *'] : []),
    '',
  ].join('\n');
}

/** Writes Git's only configuration file below `dir` and returns the environment that names it. */
export async function prepareGitEnvironment(
  dir: string,
  allowed: readonly GitProtocol[],
): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await prepareGitSurroundings(dir, configuration(allowed))),
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: allowed.join(':'),
    GIT_SSH_VARIANT: 'ssh',
    GIT_OPTIONAL_LOCKS: '0',
  };
}

export type GitSetting = readonly [key: string, value: string];

/** Settings for one command: arguments can be read by every user of the machine. */
export function settingsEnvironment(settings: readonly GitSetting[]): Readonly<Record<string, string>> {
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return Object.fromEntries([['GIT_CONFIG_COUNT', String(settings.length)], ...entries]);
}
