import { expiresAt } from '../../domain/preview.ts';
import { sameRepository } from '../../domain/repository-identity.ts';
import { previewNames } from '../../domain/preview-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { Closing, OpenPreview } from '../ports/preview-store.ts';
import { Rest } from '../rest.ts';
import { advancePreview, type AdvanceDependencies } from './advance-preview.ts';

export interface PreviewKeeperOptions {
  readonly advance: AdvanceDependencies;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly intervalMs: number;
  /** An environment is to be taken down. */
  readonly wakeReconciler: () => void;
}

/** Sees to it that there is what was asked for, also after a crash, and that nothing stays longer than it may (rule 6). */
export class PreviewKeeper {
  readonly #options: PreviewKeeperOptions;
  readonly #rest: Rest;

  constructor(options: PreviewKeeperOptions) {
    this.#options = options;
    this.#rest = new Rest(options.clock);
  }

  wake(): void {
    this.#rest.wake();
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rest.between(() => this.pass(signal), this.#options.intervalMs, signal);
  }

  /** Everything that can be done now. What fails is reported, and keeps nothing else from being done. */
  async pass(signal: AbortSignal): Promise<void> {
    const { previews } = this.#options.advance;
    await this.#attempt(() => this.#closeOver(), signal);
    await this.#attempt(() => this.#closeOutdatedUrls(), signal);
    await this.#attempt(() => this.#openUrls(), signal);
    await this.#attempt(async () => {
      for (const id of await previews.waiting()) {
        signal.throwIfAborted();
        await this.advance(id, signal);
      }
    }, signal);
  }

  /** One preview, now; what fails is done by the next pass. */
  async advance(previewId: string, signal?: AbortSignal): Promise<void> {
    await this.#attempt(() => advancePreview(this.#options.advance, previewId), signal);
  }

  async #closeOver(): Promise<void> {
    const { clock, log, wakeReconciler } = this.#options;
    const { previews } = this.#options.advance;
    for (const preview of await previews.opened()) {
      const closing = closingOf(preview, clock.now());
      if (closing === null) continue;
      const closed = await previews.close(preview.projectId, [preview.subject], closing);
      const { reason } = closing;
      for (const { projectName, name } of closed)
        log.info({ project: projectName, preview: name, reason }, 'preview is over');
      wakeReconciler();
    }
  }

  /** What serves in a preview gets a URL of its own, where that is wanted. */
  async #openUrls(): Promise<void> {
    const { previews, random } = this.#options.advance;
    for (const { projectId, projectName, repository, preview, branch, commit, number } of await previews.withoutUrl()) {
      const subject = { kind: 'deployment', number, preview } as const;
      const names = previewNames(subject, projectName);
      const shown = { subject, branch, commit, title: null, link: null, fromFork: false, again: false };
      await previews.open({ id: projectId, repository }, { ...shown, id: random.id(), names });
    }
  }

  async #closeOutdatedUrls(): Promise<void> {
    const { previews } = this.#options.advance;
    const outdated = await previews.outdatedUrls();
    for (const { projectId, subject, reason } of outdated)
      await previews.close(projectId, [subject], { reason, finished: true });
    if (outdated.length > 0) this.#options.wakeReconciler();
  }

  async #attempt(work: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal?.aborted === true) return;
      this.#options.log.warn({ error: String(error) }, 'a preview could not be brought on, to be tried again');
    }
  }
}

/** null: it may stay. */
function closingOf(
  { repository, projectRepository, pushedAt, revision, ttlMs }: OpenPreview,
  now: number,
): Closing | null {
  // What has the same number in another repository is something else.
  if (!sameRepository(repository, projectRepository)) {
    const reason = 'the project has another repository since';
    return { reason, finished: false, ofFormerRepository: repository };
  }
  const end = expiresAt({ pushedAt }, ttlMs);
  if (end === null || Date.parse(end) > now) return null;
  return { reason: `nothing was pushed since ${pushedAt}`, finished: false, ofRevision: revision };
}
