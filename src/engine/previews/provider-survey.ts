import type { Preview } from '../../domain/preview.ts';
import type { PullRequestState } from '../../domain/provider.ts';
import type { Project } from '../../domain/project.ts';
import { closePreviews, openPreview, type PreviewDependencies } from '../commands/previews.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { OpenProvider } from '../ports/provider.ts';
import type { ProviderStore } from '../ports/provider-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { openProviderAccess } from './provider-access.ts';

export interface SurveyOptions {
  readonly dependencies: PreviewDependencies;
  readonly providers: ProviderStore;
  readonly openProvider: OpenProvider;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly intervalMs: number;
}

const callLimitMs = 120_000;

/** Asks providers now and then which pull requests there are, and makes good what no event has told. */
export class ProviderSurvey {
  readonly #options: SurveyOptions;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!signal.aborted) {
      await this.pass(signal);
      // Aborted: the loop ends.
      await clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  async pass(signal: AbortSignal): Promise<void> {
    const { dependencies, providers, log } = this.#options;
    const attempt = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        if (!signal.aborted) log.warn({ error: String(error) }, 'a provider could not be asked for its pull requests');
      }
    };
    await attempt(async () => {
      const withProvider = new Set(await providers.projects());
      const projects = await dependencies.configuration.projects.list(null);
      for (const project of projects)
        if (withProvider.has(project.id)) await attempt(() => this.#survey(project, signal));
    });
  }

  /** Previews are read first: what is opened meanwhile is not taken for gone. */
  async #survey(project: Project, signal: AbortSignal): Promise<void> {
    const { dependencies, providers, openProvider, secretBox } = this.#options;
    const access = await providers.access(project.id);
    if (access === null) return;
    const known = await dependencies.previews.list(project.id, true);
    const provider = openProvider(openProviderAccess(secretBox, access));
    const limit = AbortSignal.any([signal, AbortSignal.timeout(callLimitMs)]);
    const open = await provider.openPullRequests(limit);
    const numbers = new Set(open.map(({ number }) => number));
    for (const preview of known) {
      const { subject, open: isOpen } = preview;
      if (subject.kind !== 'pull-request' || !isOpen || numbers.has(subject.number)) continue;
      await this.#close(preview, await provider.pullRequest(subject.number, limit));
    }
    const { pullRequests } = await dependencies.previews.settings(project.id);
    if (pullRequests) for (const pull of open) await this.#open(project, pull, known);
  }

  /** One that the provider knows nothing of was asked for by hand, and stays. */
  async #close(preview: Preview, pull: PullRequestState | null): Promise<void> {
    if (pull === null || pull.open) return;
    const reason = `pull request ${pull.number} was ${pull.merged ? 'merged' : 'closed'}`;
    await closePreviews(this.#options.dependencies, preview.projectId, [preview.subject], { reason, finished: true });
  }

  /** What somebody closed by hand stays closed until the next push; what was said to be finished and is not is opened again. */
  async #open(project: Project, pull: PullRequestState, known: readonly Preview[]): Promise<void> {
    const { number, branch, commit, title, link, fromFork } = pull;
    if (commit === null) return;
    const before = known.find(({ subject }) => subject.kind === 'pull-request' && subject.number === number);
    if (before?.open === true && before.commit === commit) return;
    await openPreview(this.#options.dependencies, project, {
      subject: { kind: 'pull-request', number },
      branch,
      commit,
      title,
      link,
      fromFork,
      again: before?.finished ?? false,
    });
  }
}
