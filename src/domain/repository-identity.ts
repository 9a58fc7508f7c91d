const usualPorts: Readonly<Record<string, string>> = { https: '443', http: '80', ssh: '22', git: '9418' };

/**
 * Which repository an address means, however it is read: `git.example/team/app` of `https://git.example/team/app.git` and of
 * `git@git.example:team/app`. null for what is no address.
 */
export function repositoryIdentity(address: string): string | null {
  const file = /^file:\/\/(\/.*)$/.exec(address)?.[1];
  if (file !== undefined) return `file:${withoutEnding(file)}`;
  const [, scheme, host, port, path] =
    /^([a-z]+):\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)(?::(\d+))?\/+(.+)$/i.exec(address) ?? [];
  if (scheme !== undefined && host !== undefined && path !== undefined)
    return identity(host, port === usualPorts[scheme.toLowerCase()] ? undefined : port, path);
  const [, server, remote] = /^(?:[^@/:]+@)?([^/:@]+):(?!\/\/)\/?(.+)$/.exec(address) ?? [];
  return server === undefined || remote === undefined ? null : identity(server, undefined, remote);
}

/** Providers take names in whichever case. */
function identity(host: string, port: string | undefined, path: string): string {
  return `${host}${port === undefined ? '' : `:${port}`}/${withoutEnding(path)}`.toLowerCase();
}

function withoutEnding(path: string): string {
  return path.replace(/\/+$/, '').replace(/\.git$/i, '');
}
