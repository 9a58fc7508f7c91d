import { repositoryOnGitHub, type GitHubApp } from '../../domain/github-app.ts';
import { openApp } from '../previews/provider-access.ts';
import { storable } from '../commands/storable.ts';
import type { Clock } from '../ports/clock.ts';
import type { AppProject, GitHubApps, GitHubAppStore, Installation } from '../ports/github-app.ts';
import type { OperatorLog } from '../ports/ports.ts';
import { ProviderError } from '../ports/provider.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { Rest } from '../rest.ts';

export interface InstallationKeeperOptions {
  readonly githubApp: GitHubAppStore;
  readonly githubApps: GitHubApps;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly intervalMs: number;
  /** There is somebody more to be told. */
  readonly onFound: () => void;
}

const callLimitMs = 30_000;
const atOnce = 4;
/** Events tell of changes; this is for those that nobody has told. */
const goodForMs = { installed: 3_600_000, suspended: 900_000, missing: 900_000 } as const;
const firstPauseMs = 10_000;
const longestPauseMs = 15 * 60_000;

interface Wanted {
  readonly project: AppProject;
  readonly repository: string;
}

interface Asking {
  readonly rowId: string;
  readonly app: GitHubApp;
  readonly signal: AbortSignal;
}

/** Keeps in mind for which projects the GitHub App may act. GitHub itself is asked, one repository after the other, and what events tell only says when. */
export class InstallationKeeper {
  readonly #options: InstallationKeeperOptions;
  readonly #rest: Rest;
  #failures = 0;
  /** Monotonic; not asked before. */
  #notBefore = 0;

  constructor(options: InstallationKeeperOptions) {
    this.#options = options;
    this.#rest = new Rest(options.clock);
  }

  /** Something has changed: also after a failure it is looked at now. */
  wake(): void {
    this.#notBefore = 0;
    this.#rest.wake();
  }

  /** Something may have changed: it is looked at now, but after a failure no sooner than without this. */
  look(): void {
    this.#rest.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.pass(signal);
      await this.#rest.take(this.#options.intervalMs, signal);
    }
  }

  /** Looks up what is new, doubted or old. What fails is done by a later pass. */
  async pass(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    if (clock.monotonic() < this.#notBefore) return;
    try {
      await this.#look(signal);
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const text = storable(error instanceof Error ? error.message : String(error)).slice(0, 500);
      log.warn({ error: text }, 'GitHub could not be asked where the App is installed, to be tried again');
      this.#failures += 1;
      const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
      const pause = Math.min(longestPauseMs, Math.max(asked, firstPauseMs * 2 ** Math.min(this.#failures, 10)));
      this.#notBefore = clock.monotonic() + pause;
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { githubApp, secretBox } = this.#options;
    const sealed = await githubApp.sealed();
    if (sealed === null) return;
    const wanted: Wanted[] = [];
    for (const project of await githubApp.projects()) {
      const repository = repositoryOnGitHub(project.address, sealed.apiUrl);
      if (repository !== null) wanted.push({ project, repository });
      else if (project.known !== null) await githubApp.forget(project.projectId);
    }
    const due = wanted.filter((one) => this.#isDue(one));
    if (due.length === 0) return;
    await this.#lookUp(due, { rowId: sealed.id, app: openApp(secretBox, sealed), signal });
  }

  #isDue({ project: { known }, repository }: Wanted): boolean {
    if (known === null || known.doubted || known.repository !== repository) return true;
    return Date.parse(known.lookedUpAt) + goodForMs[known.state] <= this.#options.clock.now();
  }

  /** What GitHub has against one repository keeps no other from being looked up; where it has something against so many, the rest wait. */
  async #lookUp(due: readonly Wanted[], asking: Asking): Promise<void> {
    const { githubApp, onFound } = this.#options;
    const left = [...due];
    const failures: Error[] = [];
    const worker = async () => {
      for (let one = left.shift(); one !== undefined && failures.length < atOnce; one = left.shift())
        await this.#find(one, asking).catch((error: unknown) => failures.push(asError(error)));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    asking.signal.throwIfAborted();
    onFound();
    const [first] = failures;
    if (first instanceof ProviderError) await githubApp.noteFailure(storable(first.message).slice(0, 500));
    if (first !== undefined) throw first;
    await githubApp.noteFailure(null);
  }

  async #find({ project, repository }: Wanted, { rowId, app, signal }: Asking): Promise<void> {
    const { githubApp, githubApps } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(callLimitMs)]);
    const installation = await githubApps.installation(app, repository, limit);
    const { apiUrl } = app;
    const reason = reasonOf(installation, repository);
    await githubApp.found(project.projectId, rowId, { repository, apiUrl, installation, reason, asOf: project.readAt });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function reasonOf({ state }: Installation, repository: string): string | null {
  if (state === 'installed') return null;
  return state === 'missing'
    ? `the GitHub App is not installed on ${repository}: nothing is told, and pull requests are not asked for`
    : `the GitHub App is suspended on ${repository}: nothing is told, and pull requests are not asked for`;
}
