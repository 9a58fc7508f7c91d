const usualPorts: Readonly<Record<string, string>> = { https: '443', http: '80', ssh: '22', git: '9418' };

/** No repository has a longer address. */
export const longestAddress = 2_048;

/**
 * Which repository an address means, however it is read: `git.example/team/app` of `https://git.example/team/app.git` and of
 * `git@git.example:team/app`. null for what is no address.
 */
export function repositoryIdentity(address: string): string | null {
  if (address.length > longestAddress) return null;
  const file = /^file:\/\/(\/.*)$/.exec(address)?.[1];
  if (file !== undefined) return `file:${withoutEnding(file)}`;
  const [, scheme, host, port, path] =
    /^([a-z]+):\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)(?::(\d+))?\/(.+)$/i.exec(address) ?? [];
  if (scheme !== undefined && host !== undefined && path !== undefined && !isSlashes(path))
    return identity(host, port === usualPorts[scheme.toLowerCase()] ? undefined : port, path);
  const [, server, remote] = /^(?:[^@/:]+@)?([^/:@]+):(?!\/\/)\/?(.+)$/.exec(address) ?? [];
  return server === undefined || remote === undefined ? null : identity(server, undefined, remote);
}

/** However the two are read. An address of the platform's own is only itself; null is none. */
export function sameRepository(one: string, other: string | null): boolean {
  if (other === null || one === other) return one === other;
  const known = repositoryIdentity(one);
  return known !== null && known === repositoryIdentity(other);
}

/** Providers take names in whichever case. */
function identity(host: string, port: string | undefined, path: string): string {
  return `${host}${port === undefined ? '' : `:${port}`}/${withoutEnding(path.slice(leadingSlashes(path)))}`.toLowerCase();
}

/** Slashes are counted by loops: an expression for those at the end takes quadratic time of slashes that are elsewhere. */
function withoutEnding(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end).replace(/\.git$/i, '');
}

function leadingSlashes(path: string): number {
  let count = 0;
  while (path[count] === '/') count++;
  return count;
}

function isSlashes(path: string): boolean {
  return leadingSlashes(path) === path.length;
}
