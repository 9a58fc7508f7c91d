import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RefChange } from '../../../engine/ports/git-repositories.ts';
import { GitFailure } from '../git/git-failure.ts';
import { runGit } from '../git/run-git.ts';
import { explainWrite } from './full-disk.ts';

interface HostedRepositoryOptions {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const nothing = '0'.repeat(40);
const heldRefs = 'refs/cutover/pushes';

export function heldBelow(pushId: string): string {
  return `${heldRefs}/${pushId}`;
}

/** One bare repository on disk. */
export class HostedRepository {
  readonly path: string;
  readonly #options: HostedRepositoryOptions;

  constructor(options: HostedRepositoryOptions) {
    this.path = options.path;
    this.#options = options;
  }

  async exists(): Promise<boolean> {
    return stat(this.path).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
        throw error;
      },
    );
  }

  /** Whole or not at all: it is made elsewhere and moved. */
  async ensure(): Promise<void> {
    if (await this.exists()) return;
    const draft = `${this.path}.${process.pid}.${performance.now()}.tmp`;
    const { environment, timeoutMs } = this.#options;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await mkdir(draft, { recursive: true, mode: 0o700 });
      // No template: there are no hooks, not even examples.
      await runGit({ args: ['init', '--quiet', '--bare', '--template=', draft], environment, timeoutMs, signal });
      await rename(draft, this.path);
    } catch (error) {
      const why = await explainWrite(error, dirname(draft));
      await rm(draft, { recursive: true, force: true });
      // Somebody else made it at the same time.
      if (!(await this.exists())) throw why;
    }
  }

  /** null: there is no such ref. */
  async find(ref: string): Promise<string | null> {
    try {
      return (await this.git(['rev-parse', '--verify', '--quiet', '--end-of-options', ref])).trim();
    } catch (error) {
      if (error instanceof GitFailure && error.exitCode === 1) return null;
      throw error;
    }
  }

  /** False where it was elsewhere, or is to lead to what is not here. */
  async move({ ref, from, to }: RefChange): Promise<boolean> {
    const now = await this.find(ref);
    if (now === to) return true;
    if (now !== from) return false;
    const change = to === null ? ['-d', ref] : [ref, to];
    try {
      await this.git(['update-ref', '--no-deref', ...change, from ?? nothing]);
      return true;
    } catch (error) {
      if (error instanceof GitFailure && (await this.find(ref)) !== from) return false;
      if (error instanceof GitFailure && to !== null && !(await this.has(to))) return false;
      throw await explainWrite(error, this.path);
    }
  }

  /** Also where no branch leads to it. */
  async has(object: string): Promise<boolean> {
    try {
      await this.git(['cat-file', '-e', object]);
      return true;
    } catch (error) {
      if (error instanceof GitFailure) return false;
      throw error;
    }
  }

  async isCommit(object: string): Promise<boolean> {
    return (await this.git(['cat-file', '-t', object])).trim() === 'commit';
  }

  /** Ids of the pushes that are held. */
  async held(): Promise<readonly string[]> {
    const listed = await this.git(['for-each-ref', '--format=%(refname)', heldRefs]);
    const ids = listed.split('\n').flatMap((ref) => ref.slice(heldRefs.length + 1).split('/')[0] || []);
    return [...new Set(ids)];
  }

  async letGo(pushId: string): Promise<void> {
    const listed = await this.git(['for-each-ref', '--format=%(refname)', heldBelow(pushId)]);
    for (const ref of listed.split('\n').filter((line) => line !== ''))
      await this.git(['update-ref', '--no-deref', '-d', ref]).catch(async (error: unknown) => {
        throw await explainWrite(error, this.path);
      });
  }

  git(args: readonly string[]): Promise<string> {
    const { environment, timeoutMs } = this.#options;
    const signal = AbortSignal.timeout(timeoutMs);
    return runGit({ args, timeoutMs, signal, environment: { ...environment, GIT_DIR: this.path } });
  }
}
