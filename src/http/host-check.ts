import { CutoverError } from '../contract/errors.ts';

const localNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Guards against DNS rebinding: a page of a foreign name that resolves to this machine is not answered.
 * `names`: further host names, without port.
 */
export function hostCheck(names: readonly string[]): (host: string | undefined) => void {
  const allowed = new Set([...localNames, ...names.map((name) => name.toLowerCase())]);
  return (host) => {
    const name = hostName(host ?? '');
    if (name === null || !allowed.has(name)) {
      throw new CutoverError('host_refused', `this server does not answer to the host "${host ?? ''}"`);
    }
  };
}

function hostName(host: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host);
  return match?.[1]?.toLowerCase() ?? null;
}
