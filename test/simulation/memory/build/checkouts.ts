import type { Commit } from './repositories.ts';

const root = '/checkouts';

/** A place in a work tree. */
export interface CheckoutPlace {
  readonly commit: Commit;
  /** Without slashes at its ends; '' is the root. */
  readonly directory: string;
}

/** The work trees on this machine, by owner. */
export class Checkouts {
  readonly #byOwner = new Map<string, Commit>();

  /** Replaces an older one. Resolves to its path. */
  put(owner: string, commit: Commit): string {
    this.#byOwner.set(owner, commit);
    return `${root}/${owner}`;
  }

  remove(owner: string): void {
    this.#byOwner.delete(owner);
  }

  owners(): readonly string[] {
    return [...this.#byOwner.keys()];
  }

  /** null: there is nothing at the path. */
  resolve(path: string): CheckoutPlace | null {
    if (!path.startsWith(`${root}/`)) return null;
    const [owner = '', ...rest] = path.slice(root.length + 1).split('/');
    const commit = this.#byOwner.get(owner);
    const directory = rest.filter((part) => part !== '' && part !== '.').join('/');
    return commit === undefined || commit.treeId(directory) === null ? null : { commit, directory };
  }
}
