import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';
import {
  defaultTokenUser,
  type AppCredential,
  type DeployKey,
  type RepositoryCredential,
  type RepositoryToken,
} from '../../../domain/repository-credential.ts';
import type { Repository } from '../../../engine/ports/source.ts';
import { checkOwner } from './refs.ts';
import type { RepositoryUrl } from './repository-url.ts';
import type { GitSetting } from './git-environment.ts';
import { sshCommand } from './ssh-command.ts';

/** How one Git command reaches a server. Credentials are in its environment or in a file, never in its arguments. */
export interface RemoteAccess extends AsyncDisposable {
  /** Added to Git's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settings of Git that are in force for the command; they reach it by its environment. */
  readonly settings: readonly GitSetting[];
  /** Texts that nothing Git says may hold. */
  readonly secrets: readonly string[];
  /** Why no token of the App is shown, where one was to be had; null: for no such reason. */
  readonly withheld: CutoverError | null;
}

/** A token of the platform's GitHub App, to read the repository of this address; null: it may not. */
export type AppTokens = (address: string, signal: AbortSignal) => Promise<string | null>;

/** The credential of the project where it is meant for this server; else null. The App's is for an address without any. */
export function credentialFor(
  repository: RepositoryUrl,
  { credential }: Repository,
): RepositoryCredential | AppCredential | null {
  if (credential === null || credential.host !== repository.host) return null;
  if (credential.kind !== 'github-app') return credential;
  return credential.repository === repository.identity && repository.authorization === null ? credential : null;
}

/**
 * Gives Git what it needs for a server, for the time of one command. Host keys are remembered by project: that of the first answer is
 * believed, any other refused from then on.
 */
export class RemoteAccesses {
  readonly #keys: string;
  readonly #hosts: string;
  readonly #appToken: AppTokens;

  private constructor(dir: string, appToken: AppTokens) {
    this.#appToken = appToken;
    this.#keys = join(dir, 'keys');
    this.#hosts = join(dir, 'known-hosts');
  }

  /** In `dir`, which is used by one control plane at a time: keys that a crash left are removed. */
  static async openIn(dir: string, appToken: AppTokens): Promise<RemoteAccesses> {
    const accesses = new RemoteAccesses(dir, appToken);
    await rm(accesses.#keys, { recursive: true, force: true });
    for (const path of [accesses.#keys, accesses.#hosts]) await mkdir(path, { recursive: true, mode: 0o700 });
    return accesses;
  }

  async open(url: RepositoryUrl, reader: Repository, signal: AbortSignal): Promise<RemoteAccess> {
    const shown = credentialFor(url, reader);
    const ofApp = shown?.kind === 'github-app' ? await this.#ofApp(url, shown, signal) : shown;
    const withheld = ofApp instanceof CutoverError ? ofApp : null;
    const credential = ofApp instanceof CutoverError ? null : ofApp;
    if (url.protocol === 'ssh')
      return this.#openSsh(reader.project, credential?.kind === 'deploy-key' ? credential : null);
    const authorization = credential?.kind === 'token' ? basicAuthorization(credential) : url.authorization;
    const token = credential?.kind === 'token' ? [credential.token] : [];
    return {
      environment: {},
      settings: authorization === null || url.host === null ? [] : headerSettings(url.host, authorization),
      secrets: authorization === null ? [] : [...token, authorization.slice('Basic '.length)],
      withheld,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  /** null: the App may not read it. Nobody needs a token who reads what is public, so that what keeps one back ends nothing here. */
  async #ofApp(
    { url, protocol }: RepositoryUrl,
    { host }: AppCredential,
    signal: AbortSignal,
  ): Promise<RepositoryToken | CutoverError | null> {
    if (protocol !== 'https' && protocol !== 'http') return null;
    try {
      const token = await this.#appToken(url, signal);
      return token === null ? null : { kind: 'token', username: defaultTokenUser, token, host };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CutoverError && /^provider_(?:unavailable|refused)$/.test(error.code)) return error;
      throw error;
    }
  }

  async forgetHostKeys(project: string): Promise<void> {
    await rm(this.#knownHosts(project), { force: true });
  }

  async #openSsh(project: string, key: DeployKey | null): Promise<RemoteAccess> {
    const keyFile = key === null ? null : join(this.#keys, randomBytes(12).toString('hex'));
    if (key !== null && keyFile !== null) await writeFile(keyFile, key.privateKey, { mode: 0o600, flag: 'wx' });
    return {
      settings: [],
      environment: { GIT_SSH_COMMAND: sshCommand({ keyFile, knownHostsFile: this.#knownHosts(project) }) },
      secrets: key === null ? [] : [key.privateKey],
      withheld: null,
      async [Symbol.asyncDispose]() {
        if (keyFile !== null) await rm(keyFile, { force: true });
      },
    };
  }

  #knownHosts(project: string): string {
    checkOwner(project);
    return join(this.#hosts, project);
  }
}

function basicAuthorization({ username, token }: { readonly username: string; readonly token: string }): string {
  return `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}`;
}

/** A redirect is not followed: Git would send the header along, wherever it leads. */
function headerSettings(origin: string, authorization: string): readonly GitSetting[] {
  return [
    [`http.${origin}/.extraHeader`, `Authorization: ${authorization}`],
    ['http.followRedirects', 'false'],
  ];
}
