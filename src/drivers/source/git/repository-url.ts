import { CutoverError } from '../../../domain/errors.ts';
import { ofPlatform } from '../../../domain/platform-repository.ts';

export type GitProtocol = 'https' | 'ssh' | 'http' | 'file';

/** A repository's address, taken apart: what Git is given, and what must never be shown. */
export interface RepositoryUrl {
  readonly protocol: GitProtocol;
  /** Without credentials: safe in arguments, errors and logs. */
  readonly url: string;
  /** Value of an `Authorization` header; null when the URL carried no credentials. */
  readonly authorization: string | null;
  /** Scheme, host and port, which is as far as credentials may travel: `https://git.example`, `ssh://git.example:22`; null for files. */
  readonly host: string | null;
  /**
   * Names its mirror. Credentials in the URL are part of it: who does not know them must not reach, by way of a shared mirror, the
   * commits that somebody else was allowed to fetch.
   */
  readonly identity: string;
}

const protocols: Readonly<Record<string, GitProtocol>> = {
  'https:': 'https',
  'ssh:': 'ssh',
  'http:': 'http',
  'file:': 'file',
};

/** `user@host:path`; a path that begins with `:` or `//` would be a remote helper or a URL. */
const scpLike = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!:|\/\/|-)\S+$/;

/** Reads an address from outside. Errors: `repository_refused`; its message never holds the address' credentials. */
export function parseRepositoryUrl(text: string, allowed: readonly GitProtocol[]): RepositoryUrl {
  if (text.length > 2048 || /[\s\p{Cc}]/u.test(text) || text.startsWith('-')) {
    throw new CutoverError('repository_refused', 'The repository URL holds characters that no URL has.');
  }
  if (ofPlatform(text) !== null)
    throw new CutoverError(
      'repository_refused',
      'An address that begins with `platform:` is only given by the platform.',
    );
  const parsed = text.includes('://') ? fromUrl(text) : fromScpLike(text);
  if (!allowed.includes(parsed.protocol)) {
    const names = allowed.map((name) => `${name}://`).join(', ');
    throw new CutoverError(
      'repository_refused',
      `${parsed.url}: ${parsed.protocol}:// is not allowed here, only ${names}.`,
    );
  }
  return { ...parsed, identity: text };
}

type Parsed = Omit<RepositoryUrl, 'identity'>;

function fromScpLike(text: string): Parsed {
  if (!scpLike.test(text)) {
    throw new CutoverError('repository_refused', 'The repository is neither a URL nor of the form git@host:path.');
  }
  const host = text.slice(text.indexOf('@') + 1, text.indexOf(':'));
  return { protocol: 'ssh', url: text, authorization: null, host: sshHost(host, '') };
}

function fromUrl(text: string): Parsed {
  if (!URL.canParse(text)) throw new CutoverError('repository_refused', 'The repository URL cannot be read.');
  const url = new URL(text);
  const protocol = protocols[url.protocol];
  if (protocol === undefined) {
    throw new CutoverError('repository_refused', `Repositories cannot be read over ${url.protocol}//.`);
  }
  refuseTraps(url, protocol);
  const authorization = protocol === 'ssh' ? null : basicAuthorization(url);
  return { protocol, url: url.href, authorization, host: hostOf(url, protocol) };
}

function hostOf(url: URL, protocol: GitProtocol): string | null {
  if (protocol === 'file') return null;
  return protocol === 'ssh' ? sshHost(url.hostname, url.port) : url.origin;
}

function sshHost(name: string, port: string): string {
  return `ssh://${name.toLowerCase()}:${port === '' ? '22' : port}`;
}

function refuseTraps(url: URL, protocol: GitProtocol): void {
  if (protocol === 'file' && url.host !== '') {
    throw new CutoverError('repository_refused', 'A file:// URL must have three slashes: file:///path.');
  }
  if (protocol !== 'file' && (url.hostname === '' || url.hostname.startsWith('-'))) {
    throw new CutoverError('repository_refused', 'The repository URL has no usable host.');
  }
  if (protocol === 'ssh' && (url.password !== '' || url.username.startsWith('-') || url.pathname.startsWith('/-'))) {
    throw new CutoverError('repository_refused', 'An ssh:// URL may hold a user and no password.');
  }
}

/** Moves the credentials out of the URL, so that no argument list or message can show them. */
function basicAuthorization(url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  const pair = `${decode(url.username)}:${decode(url.password)}`;
  url.username = '';
  url.password = '';
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new CutoverError('repository_refused', 'The credentials in the repository URL are badly encoded.', { cause });
  }
}
