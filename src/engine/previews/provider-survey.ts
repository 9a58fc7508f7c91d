import { CutoverError } from '../../domain/errors.ts';
import type { Preview } from '../../domain/preview.ts';
import type { PullRequestState } from '../../domain/provider.ts';
import type { Project } from '../../domain/project.ts';
import { sameRepository } from '../../domain/repository-identity.ts';
import { closePreviews, openPreview, type PreviewDependencies } from '../commands/previews.ts';
import { checkCommit } from '../commands/deployments-trigger.ts';
import { storable } from '../commands/storable.ts';
import { createMasker } from '../masking.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { OpenProvider } from '../ports/provider.ts';
import type { ProviderStore } from '../ports/provider-store.ts';
import { openProviderAccess, type AccessDependencies } from './provider-access.ts';

export interface SurveyOptions extends AccessDependencies {
  readonly dependencies: PreviewDependencies;
  readonly providers: ProviderStore;
  readonly openProvider: OpenProvider;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly intervalMs: number;
}

const callLimitMs = 120_000;
const atOnce = 4;
const complaint = 'a provider could not be asked for its pull requests';

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
    const { dependencies, providers } = this.#options;
    await this.#attempt(signal, async () => {
      const withProvider = new Set(await providers.projects());
      const projects = await dependencies.configuration.projects.list(null);
      const left = projects.filter(({ id }) => withProvider.has(id));
      const worker = async () => {
        for (let one = left.shift(); one !== undefined; one = left.shift()) await this.#surveyed(one, signal);
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
    });
  }

  #surveyed(project: Project, signal: AbortSignal): Promise<void> {
    return this.#attempt(signal, () => this.#survey(project, signal));
  }

  async #attempt(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const text = storable(error instanceof Error ? error.message : String(error));
      if (!signal.aborted) this.#options.log.warn({ error: text }, complaint);
    }
  }

  /** Previews are read first: what is opened meanwhile is not taken for gone. */
  async #survey(project: Project, signal: AbortSignal): Promise<void> {
    const { dependencies, providers, openProvider } = this.#options;
    const access = await providers.access(project.id);
    if (access === null) return;
    const all = await dependencies.previews.list(project.id, true);
    const known = all.filter(({ repository }) => sameRepository(repository, project.repository));
    const limit = AbortSignal.any([signal, AbortSignal.timeout(callLimitMs)]);
    const opened = await openProviderAccess(this.#options, access, limit);
    const mask = createMasker([opened.token]);
    const provider = openProvider(opened);
    const open = await provider.openPullRequests(limit).catch((error: unknown) => {
      throw new Error(mask(String(error)));
    });
    const numbers = new Set(open.map(({ number }) => number));
    for (const preview of known) {
      const { subject, open: isOpen } = preview;
      if (subject.kind !== 'pull-request' || !isOpen || numbers.has(subject.number)) continue;
      await this.#close(preview, await provider.pullRequest(subject.number, limit));
    }
    const { pullRequests } = await dependencies.previews.settings(project.id);
    // What is wrong with one of them keeps no other from its preview.
    if (pullRequests) for (const pull of open) await this.#attempt(signal, () => this.#open(project, pull, known));
  }

  /** One that the provider knows nothing of was asked for by hand, and stays. */
  async #close(preview: Preview, pull: PullRequestState | null): Promise<void> {
    if (pull === null || pull.open) return;
    const reason = `pull request ${pull.number} was ${pull.merged ? 'merged' : 'closed'}`;
    const closing = { reason, finished: true, ofRevision: preview.revision };
    await closePreviews(this.#options.dependencies, preview.projectId, [preview.subject], closing);
  }

  /** What somebody closed by hand stays closed until the next push; what was said to be finished and is not is opened again. */
  async #open(project: Project, pull: PullRequestState, known: readonly Preview[]): Promise<void> {
    const { number, branch, commit, title, link, fromFork } = pull;
    if (commit === null) return;
    checkPullRequest(number, commit);
    this.#options.dependencies.checkBranch(branch);
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

const mostPullRequests = 2 ** 31 - 1;

/** Errors: `invalid_input`, `ref_invalid`. */
function checkPullRequest(number: number, commit: string): void {
  checkCommit(commit);
  if (!Number.isInteger(number) || number < 1 || number > mostPullRequests)
    throw new CutoverError('invalid_input', `${number} is no number of a pull request`);
}
