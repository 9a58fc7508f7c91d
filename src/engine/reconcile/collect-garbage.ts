import type { PastDeployment } from '../../domain/past-deployment.ts';
import { whyNeeded, type Going } from '../../domain/retention.ts';
import type { ExpiredLogs, RetentionPlan, RetentionRun, RetentionWishes } from '../../domain/retention-plan.ts';
import type { RetentionSettings } from '../../domain/retention-settings.ts';
import type { BuildCache } from '../ports/build-cache.ts';
import type { Logs } from '../ports/logs.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Source } from '../ports/source.ts';
import type { StaticFiles } from '../ports/static-files.ts';
import { Rest } from '../rest.ts';
import { logPrefix, stock, survey, toStored, type SurveyPorts } from './retention-survey.ts';

export interface GarbagePorts extends SurveyPorts {
  readonly runtime: Pick<Runtime, 'removeImage' | 'inspectImage'>;
  readonly staticFiles: Pick<StaticFiles, 'list' | 'has' | 'remove'>;
  readonly logs: Pick<Logs, 'remove'>;
  readonly buildCache: BuildCache;
  readonly source: Pick<Source, 'removeUnused'>;
}

export interface CollectorOptions {
  readonly ports: GarbagePorts;
  readonly log: OperatorLog;
  /** Between two passes that nobody asked for. */
  readonly intervalMs: number;
  /** From the start, or from being woken, to the pass: several deployments that are completed are one reason to look. */
  readonly quietMs: number;
}

interface RunWishes extends RetentionWishes {
  /** Stop in time, and say that there is more. */
  readonly limitMs: number;
  /** Whether the engine is asked what it got back, which older ones are slow to say. */
  readonly count: boolean;
}

const unhurriedMs = 10 * 60_000;
/** What is kept of a repository that nobody has read for so long is not worth its place. */
const repositoriesKeptMs = 14 * 24 * 60 * 60_000;

/**
 * Removes what no rule keeps (rule 5.7): at every step it looks again, removes one thing, and writes down that it is gone, so that a
 * crash at any moment leaves nothing but a step to be done again. Runs of one process take turns.
 */
export class GarbageCollector {
  readonly #options: CollectorOptions;
  readonly #rest: Rest;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#rest = new Rest(options.ports.clock);
  }

  /** A deployment was completed, or a setting was changed: something may be needed no more. */
  wake(): void {
    this.#rest.wake();
  }

  /** Collects until aborted: a moment after the start and after being woken, and every now and then. */
  async run(signal: AbortSignal): Promise<void> {
    const { ports, log, quietMs, intervalMs } = this.#options;
    while (!signal.aborted) {
      // Aborted: the loop ends.
      await ports.clock.sleep(quietMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.collect({ limitMs: unhurriedMs, count: false }, signal);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ error: String(error) }, 'what is not needed could not be removed, to be tried again');
      }
      await this.#rest.take(intervalMs, signal);
    }
  }

  /** What a run would do now. */
  async plan(wishes: RetentionWishes, signal: AbortSignal): Promise<RetentionPlan> {
    const { ports } = this.#options;
    return survey(ports, withBudget(await ports.store.settings(), wishes), signal);
  }

  /** One run, after those that were asked for before. */
  collect(wishes: RunWishes, signal: AbortSignal): Promise<RetentionRun> {
    const turn = this.#tail.then(() => this.#collect(wishes, signal));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #collect(wishes: RunWishes, signal: AbortSignal): Promise<RetentionRun> {
    const { ports } = this.#options;
    signal.throwIfAborted();
    const deadline = ports.clock.monotonic() + wishes.limitMs;
    const inTime = () => ports.clock.monotonic() < deadline;
    await this.#noteWhatIsThere(signal);
    const plan = await this.plan(wishes, signal);
    const counts = wishes.count && plan.artifacts.going.some(({ artifact }) => artifact.type === 'image');
    const before = counts ? await ports.images.layerBytes(signal) : null;
    const { removed, stayed } = await this.#removeArtifacts(plan, inTime, signal);
    const after = before !== null && removed.length > 0 ? await ports.images.layerBytes(signal) : before;
    const logs = await this.#each(plan.logs, inTime, (past) => this.#removeLogs(past));
    const history = await this.#each(plan.history, inTime, (past) => this.#removeHistory(past));
    await this.#pruneCache(plan.settings, signal);
    await this.#removeRepositories(signal);
    const left = plan.artifacts.going.length - removed.length - stayed.length > 0;
    return {
      removed,
      stayed,
      logs,
      history,
      givenBackBytes: before === null || after === null ? null : Math.max(0, before - after),
      more: plan.more || left || logs.length < plan.logs.length || history.length < plan.history.length,
    };
  }

  /** Deployments say whether they can be gone back to: also where somebody else removed an image, or the same files came again. */
  async #noteWhatIsThere(signal: AbortSignal): Promise<void> {
    const { ports } = this.#options;
    // Read first: what is made meanwhile is not missed.
    const expected = await ports.store.expected();
    const found = new Set((await stock(ports, signal)).map(({ key }) => key.id));
    const gone: string[] = [];
    for (const id of expected.filter((one) => !found.has(one))) {
      // An image without our label is not in stock, and may be there.
      const isImage = id.startsWith('sha256:');
      if (!isImage || (await ports.runtime.inspectImage(id, signal)) === null) gone.push(id);
    }
    await ports.store.markGone(gone);
    await ports.store.markPresent([...found]);
  }

  async #removeArtifacts(
    { artifacts, settings }: RetentionPlan,
    inTime: () => boolean,
    signal: AbortSignal,
  ): Promise<Pick<RetentionRun, 'removed' | 'stayed'>> {
    const removed: Going[] = [];
    const stayed: RetentionRun['stayed'][number][] = [];
    for (const going of artifacts.going) {
      if (!inTime()) break;
      signal.throwIfAborted();
      const why = await this.#removeArtifact(going, settings, signal);
      if (why === null) removed.push(going);
      else stayed.push({ artifact: going.artifact, why });
    }
    return { removed, stayed };
  }

  /** null: it is gone; else why it stays. */
  async #removeArtifact(
    { artifact, why }: Going,
    settings: RetentionSettings,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { ports, log } = this.#options;
    const found = (await stock(ports, signal)).find(({ key }) => key.id === artifact.id);
    if (found !== undefined) {
      const now = toStored(found, await ports.store.condemn(found.key, settings.rollbackTargets));
      // The build that knew it is forgotten with it.
      const needed = whyNeeded({ ...now, lastUsedAt: now.lastUsedAt ?? artifact.lastUsedAt }, settings);
      if (needed !== null) return needed.why;
      if (!(await this.#remove(artifact, signal))) return 'a container uses it';
    }
    await ports.store.markGone([artifact.id]);
    log.info(
      { type: artifact.type, id: artifact.id, bytes: artifact.sizeBytes, why },
      'an artifact is not kept any longer',
    );
    return null;
  }

  /** Resolves to whether it is gone. */
  async #remove({ type, id }: Going['artifact'], signal: AbortSignal): Promise<boolean> {
    const { runtime, staticFiles } = this.#options.ports;
    if (type === 'bundle') {
      await staticFiles.remove(id);
      return true;
    }
    await runtime.removeImage(id, signal);
    return (await runtime.inspectImage(id, signal)) === null;
  }

  async #pruneCache({ buildCacheBytes }: RetentionSettings, signal: AbortSignal): Promise<void> {
    const { ports, log } = this.#options;
    const bytes = await ports.buildCache.prune(buildCacheBytes, signal);
    if (bytes > 0) log.info({ bytes, budget: buildCacheBytes }, 'the cache of builds had grown over its budget');
  }

  async #removeRepositories(signal: AbortSignal): Promise<void> {
    const { ports, log } = this.#options;
    const count = await ports.source.removeUnused(repositoriesKeptMs, signal);
    if (count > 0) log.info({ count }, 'copies of repositories that nobody had read for long are not kept any longer');
  }

  async #removeLogs(past: ExpiredLogs): Promise<void> {
    const { ports, log } = this.#options;
    await ports.logs.remove(logPrefix(past));
    await ports.store.markLogsRemoved(past.id);
    log.info({ deployment: past.id, bytes: past.bytes }, 'the logs of a deployment are not kept any longer');
  }

  async #removeHistory(past: PastDeployment): Promise<void> {
    await this.#options.ports.store.removeHistory(past.id);
    this.#options.log.info({ deployment: past.id }, 'the history of a deployment is not kept any longer');
  }

  async #each<T>(items: readonly T[], inTime: () => boolean, work: (item: T) => Promise<void>): Promise<readonly T[]> {
    const done: T[] = [];
    for (const item of items) {
      if (!inTime()) break;
      await work(item);
      done.push(item);
    }
    return done;
  }
}

function withBudget(settings: RetentionSettings, { budgetBytes }: RetentionWishes): RetentionSettings {
  return budgetBytes === undefined ? settings : { ...settings, budgetBytes };
}
