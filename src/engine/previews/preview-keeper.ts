import { expiresAt } from '../../domain/preview.ts';
import { previewNames } from '../../domain/preview-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
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
    await this.#attempt(() => this.#closeExpired(), signal);
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

  async #closeExpired(): Promise<void> {
    const { clock, log, wakeReconciler } = this.#options;
    const { previews } = this.#options.advance;
    for (const { projectId, subject, pushedAt, revision, ttlMs } of await previews.opened()) {
      const end = expiresAt({ pushedAt }, ttlMs);
      if (end === null || Date.parse(end) > clock.now()) continue;
      const closed = await previews.close(projectId, [subject], {
        reason: `nothing was pushed since ${pushedAt}`,
        finished: false,
        ofRevision: revision,
      });
      for (const { projectName, name } of closed) log.info({ project: projectName, preview: name }, 'preview expired');
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
