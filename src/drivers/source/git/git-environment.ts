import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitProtocol, RepositoryUrl } from './repository-url.ts';

/**
 * Everything Git must not do on its own: ask, run hooks or monitors, remember credentials, start work in the background.
 * It is a file, not arguments, because Git's own children (upload-pack for file://) do not get the arguments' settings.
 */
function configuration(allowed: readonly GitProtocol[]): string {
  const fileAllowed = allowed.includes('file');
  return [
    '[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\taskPass =',
    '[credential]\n\thelper =',
    `[protocol]\n\tversion = 2\n[protocol "file"]\n\tallow = ${fileAllowed ? 'always' : 'never'}`,
    '[http]\n\tlowSpeedLimit = 100\n\tlowSpeedTime = 60',
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
  const home = join(dir, 'home');
  await mkdir(home, { recursive: true });
  const config = join(dir, 'gitconfig');
  await writeFile(config, configuration(allowed));
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: config,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    SSH_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: allowed.join(':'),
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=20',
    GIT_SSH_VARIANT: 'ssh',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

/** Credentials reach Git by its environment: arguments can be read by every user of the machine. */
export function credentialEnvironment({ authorization, origin }: RepositoryUrl): Readonly<Record<string, string>> {
  if (authorization === null || origin === null) return {};
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
  };
}
