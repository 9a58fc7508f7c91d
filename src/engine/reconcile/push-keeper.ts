import { CutoverError } from '../../domain/errors.ts';
import { isOver, wentLive, type Push, type PushOutcome, type PushResult } from '../../domain/push.ts';
import type { Environment, Project } from '../../domain/project.ts';
import type { PushEvent } from '../../domain/repository-event.ts';
import { skipPhraseOf } from '../../domain/skip-phrase.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import { applyPush, type PushDependencies } from '../commands/apply-push.ts';
import type { ApplyPreviewEvent } from '../commands/preview-events.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { GitRepositories, PushedCommits, RefChange } from '../ports/git-repositories.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeploymentQueries } from '../ports/deployment-store.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { PushStore } from '../ports/push-store.ts';
import { Rest } from '../rest.ts';
import { Turns } from '../turns.ts';

export interface PushKeeperOptions {
  readonly repositories: GitRepositories;
  readonly store: PushStore;
  readonly recording: PushDependencies & { readonly configuration: Pick<ConfigurationStore, 'projects'> };
  /** For branches that no environment is deployed from. */
  readonly applyPreviewEvent: ApplyPreviewEvent;
  readonly queries: Pick<DeploymentQueries, 'byNumber'>;
  readonly clock: Clock;
  readonly log: OperatorLog;
  /** Throws `ref_invalid` for a name that no branch is deployed from. */
  readonly checkBranch: (branch: string) => void;
}

/** A change to a branch, by somebody who may. */
export interface BranchPush {
  readonly project: Project;
  readonly pushId: string;
  readonly by: string;
  readonly change: RefChange;
}

/** What became of it: refused, with the reason; or taken, with what it deploys (null: it was no push of commits to a branch). */
export type Acceptance = { readonly refusal: string } | { readonly refusal: null; readonly push: Push | null };

const intervalMs = 5_000;
const pruneEveryMs = 3_600_000;
const keptDays = 7;
const stale = 'somebody else has pushed to it: fetch first';
const branches = 'refs/heads/';

/**
 * Carries out what was pushed to the platform's own repositories. A push that is on record is carried out whatever happens: the branch moves,
 * every environment of it is deployed to, once, and where none of that goes live the branch is put back, so that the same push can be made
 * again. A branch that no environment is deployed from may have a preview, and then stays where the preview is. Every part can be repeated.
 */
export class PushKeeper {
  readonly #options: PushKeeperOptions;
  readonly #turns = new Turns();
  readonly #rest: Rest;
  readonly #recovered = Promise.withResolvers<void>();

  constructor(options: PushKeeperOptions) {
    this.#options = options;
    this.#rest = new Rest(options.clock);
  }

  /** Resolves when what an earlier process left has been looked at: nobody may push before that. */
  get recovered(): Promise<void> {
    return this.#recovered.promise;
  }

  wake(): void {
    this.#rest.wake();
  }

  /** Finishes what nobody waits for any more, and removes the repositories of projects that are gone, until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#attempt(() => this.#letGoOfUnknown(), signal);
    const settling = this.#rest.between(
      async () => {
        await this.#settleAll(signal);
        this.#recovered.resolve();
      },
      intervalMs,
      signal,
    );
    // Packing a large repository takes minutes, which nobody who pushes waits for.
    const tidying = new Rest(this.#options.clock).between(() => this.#tidyAll(signal), intervalMs, signal);
    const pruning = new Rest(this.#options.clock).between(() => this.#prune(signal), pruneEveryMs, signal);
    await Promise.all([settling, tidying, pruning]);
  }

  /** Takes one change, on record before it resolves. */
  accept(request: BranchPush): Promise<Acceptance> {
    return this.#turns.take(request.project.id, () => this.#accept(request));
  }

  /** Does what is left to do; null while deployments of it are under way. */
  settle(push: Push): Promise<PushOutcome | null> {
    return this.#turns.take(push.projectId, () => this.#settle(push));
  }

  /** What a push that is over has brought and nobody has taken. */
  async letGoUnlessTaken(projectId: string, pushId: string): Promise<void> {
    const { repositories, store } = this.#options;
    await this.#attempt(async () => {
      if (!(await repositories.held(projectId)).includes(pushId)) return;
      const taken = (await store.unsettled()).some((push) => push.pushId === pushId);
      if (!taken) await repositories.letGo(projectId, pushId);
    });
  }

  async #accept({ project, pushId, by, change }: BranchPush): Promise<Acceptance> {
    const { repositories, store, recording } = this.#options;
    const { ref, from, to } = change;
    const refusal = await this.#refusal(project, change);
    if (refusal !== null) return { refusal };
    if ((await repositories.find(project.id, ref)) !== from) return { refusal: stale };
    const branch = ref.startsWith(branches) ? ref.slice(branches.length) : null;
    if (to === null || branch === null) {
      // First: whoever is killed between the two is told nothing, and deletes it again.
      if (branch !== null) await this.#closePreviews(project, { branch, by, onceKey: `push:${pushId}` });
      return (await repositories.move(project.id, change)) ? { refusal: null, push: null } : { refusal: stale };
    }
    const { id: projectId, name: projectName } = project;
    const push = { id: recording.random.id(), pushId, projectId, branch, before: from, commit: to, by };
    await store.record(push);
    return { refusal: null, push: await this.#carryOut({ ...push, projectName, results: null }) };
  }

  async #refusal(project: Project, { ref, to }: RefChange): Promise<string | null> {
    if (!ref.startsWith(branches)) return null;
    const branch = ref.slice(branches.length);
    if (to === null) {
      const [first] = await this.#environmentsOf(project.id, branch);
      return first === undefined ? null : `the environment ${first.name} is deployed from it`;
    }
    try {
      this.#options.checkBranch(branch);
      return null;
    } catch (error) {
      if (error instanceof CutoverError) return error.message;
      throw error;
    }
  }

  /** The branch moves, and its environments are deployed to: as far as that has not been done before. */
  async #carryOut(push: Push): Promise<Push> {
    const { repositories, store } = this.#options;
    if (push.results !== null) return push;
    const { projectId, branch, before, commit } = push;
    await repositories.move(projectId, { ref: `${branches}${branch}`, from: before, to: commit });
    const results = await this.#trigger(push);
    await store.triggered(push.id, results);
    return { ...push, results };
  }

  async #trigger(push: Push): Promise<readonly PushResult[]> {
    const { recording, repositories } = this.#options;
    const project = await recording.configuration.projects.find(push.projectName);
    if (project === null || project.id !== push.projectId) return [];
    const { branch, commit, before } = push;
    // A commit that is not here fails the deployment, which says so.
    const { message, author, changedPaths } =
      (await repositories.pushed(project.id, before, commit)) ?? unknownCommits(push);
    const [subject = ''] = message.split('\n', 1);
    const facts = { message: subject, skipPhrase: skipPhraseOf(message), author, changedPaths };
    const event: PushEvent = { kind: 'push', branch, commit, before, ...facts };
    const request = { project, event, by: pusher(push), onceKey: `push:${push.id}` };
    const outcomes = await applyPush(recording, request);
    if (outcomes.length > 0) return outcomes.map(toResult);
    const previews = await this.#options.applyPreviewEvent(request);
    return previews
      .filter(({ code }) => code !== 'no-environment')
      .map((outcome) => ({ ...toResult(outcome), preview: true }));
  }

  async #closePreviews(project: Project, { branch, by, onceKey }: DeletedBranch): Promise<void> {
    const event = { kind: 'branch-deleted', branch } as const;
    await this.#options.applyPreviewEvent({ project, event, by: pusher({ by }), onceKey });
  }

  async #settle(unfinished: Push): Promise<PushOutcome | null> {
    const { repositories, store } = this.#options;
    const push = await this.#carryOut(unfinished);
    const deployments = await this.#deploymentsOf(push);
    if (deployments.some((deployment) => deployment !== null && !isOver(deployment))) return null;
    const live = deployments.filter((deployment) => deployment !== null && wentLive(deployment));
    const { projectId, branch, before, commit } = push;
    // Whoever has pushed on top of it since keeps what he pushed.
    if (deployments.length > 0 && live.length === 0 && !push.results?.some(({ preview }) => preview === true))
      await repositories.move(projectId, { ref: `${branches}${branch}`, from: commit, to: before });
    const outcome = live.length === deployments.length ? 'succeeded' : 'failed';
    await repositories.letGo(projectId, push.pushId);
    await store.settled(push.id, outcome);
    return outcome;
  }

  async #deploymentsOf({ projectId, results }: Push) {
    const numbers = (results ?? []).flatMap(({ deployment }) => deployment ?? []);
    return Promise.all(numbers.map((number) => this.#options.queries.byNumber(projectId, number)));
  }

  async #environmentsOf(projectId: string, branch: string): Promise<readonly Environment[]> {
    const all = await this.#options.recording.configuration.environments.list(projectId);
    return all.filter(({ kind, settings }) => kind !== 'preview' && settings.branch === branch);
  }

  async #settleAll(signal: AbortSignal): Promise<void> {
    await this.#attempt(async () => {
      const open = await this.#options.store.unsettled();
      for (const push of open) await this.#attempt(() => this.settle(push), signal);
    }, signal);
  }

  async #tidyAll(signal: AbortSignal): Promise<void> {
    const { repositories, store } = this.#options;
    await this.#attempt(async () => {
      const kept = await repositories.list();
      const existing = new Set(await store.existing(kept));
      for (const id of kept)
        await this.#attempt(() => (existing.has(id) ? repositories.tidy(id) : repositories.remove(id)), signal);
    }, signal);
  }

  async #prune(signal: AbortSignal): Promise<void> {
    await this.#attempt(() => this.#options.store.prune(keptDays), signal);
  }

  /** What was held for a push that never came on record: whoever made it was not told that it was taken. */
  async #letGoOfUnknown(): Promise<void> {
    const { repositories, store } = this.#options;
    const known = new Set((await store.unsettled()).map(({ pushId }) => pushId));
    for (const projectId of await repositories.list())
      for (const pushId of await repositories.held(projectId))
        if (!known.has(pushId)) await repositories.letGo(projectId, pushId);
  }

  async #attempt(work: () => Promise<unknown>, signal?: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal?.aborted === true) return;
      this.#options.log.warn({ error: String(error) }, 'a push could not be carried out to its end, to be tried again');
    }
  }
}

interface DeletedBranch {
  readonly branch: string;
  readonly by: string;
  readonly onceKey: string;
}

function pusher({ by }: Pick<Push, 'by'>): string {
  return `${by} (git push)`;
}

function toResult({ environment, deployment, reason }: DeliveryOutcome): PushResult {
  return { environment: environment ?? '', deployment, reason };
}

function unknownCommits({ by }: Push): PushedCommits {
  return { message: '', author: { name: by, email: null }, changedPaths: null };
}
