import type { CheckoutRequest, Repository } from '../../../engine/ports/source.ts';
import { describePointers, fillPointers, findPointers } from './lfs.ts';
import { Allowance, tooLarge, type RepositoryLimits } from './limits.ts';
import type { Errand, Mirrors } from './mirrors.ts';
import { checkCommit } from './refs.ts';
import { ofSubmodule, placeOf, readSubmodules, type Submodule } from './submodules.ts';
import { listTree } from './tree-listing.ts';

const deepest = 8;
const mostSubmodules = 200;

interface Wanted {
  readonly repository: Repository;
  readonly commit: string;
  readonly workTree: string;
  /** How many repositories it is inside of. */
  readonly depth: number;
}

/** Fills one work tree: the files of a commit, of its submodules and theirs, and what Git LFS keeps, as far as they are asked for. */
export class CheckoutFiles {
  readonly #mirrors: Mirrors;
  readonly #errand: Omit<Errand, 'ref'>;
  readonly #request: CheckoutRequest;
  readonly #allowance: Allowance;
  #submodules = 0;

  constructor(mirrors: Mirrors, limits: RepositoryLimits, request: CheckoutRequest, errand: Omit<Errand, 'ref'>) {
    this.#mirrors = mirrors;
    this.#allowance = new Allowance(limits);
    this.#request = request;
    this.#errand = errand;
  }

  /** Into an empty directory. `index`: path of a file that may be used. Errors as those of `Source.checkout`. */
  async write(workTree: string, index: string): Promise<void> {
    const { repository, commit } = this.#request;
    await this.#write({ repository, commit, workTree, depth: 0 }, index);
  }

  async #write(wanted: Wanted, index: string): Promise<void> {
    const submodules = await this.#writeOwn(wanted, index);
    for (const submodule of submodules) {
      try {
        await this.#writeSubmodule(submodule, wanted, index);
      } catch (error) {
        throw ofSubmodule(submodule.path, error);
      }
    }
  }

  /** Resolves to the submodules that are to be written into it. Those of another repository wait for no lock that is held here. */
  #writeOwn({ repository, commit, workTree }: Wanted, index: string): Promise<readonly Submodule[]> {
    const { submodules, lfs } = this.#request;
    return this.#mirrors.use(repository, { ...this.#errand, ref: commit }, async (mirror) => {
      await this.#mirrors.bring(mirror, commit);
      const allowance = this.#allowance;
      const listing = await listTree(mirror, commit, allowance);
      const files = { GIT_WORK_TREE: workTree, GIT_INDEX_FILE: index };
      await mirror.git(['read-tree', '--reset', '-u', '--end-of-options', commit], files);
      const pointers = await findPointers(workTree, listing);
      if (lfs) await fillPointers(pointers, { mirror, commit, workTree, allowance });
      else if (pointers.length > 0) this.#errand.onLine(describePointers(pointers));
      return submodules ? readSubmodules(mirror, commit, listing) : [];
    });
  }

  async #writeSubmodule(submodule: Submodule, parent: Wanted, index: string): Promise<void> {
    const { path, url, commit } = submodule;
    this.#submodules += 1;
    if (parent.depth >= deepest || this.#submodules > mostSubmodules)
      throw tooLarge(`There are more than ${mostSubmodules} submodules, or they are nested deeper than ${deepest}.`);
    checkCommit(commit);
    const workTree = await placeOf(parent.workTree, path);
    const repository = { ...this.#request.repository, url };
    await this.#write({ repository, commit, workTree, depth: parent.depth + 1 }, index);
  }
}
