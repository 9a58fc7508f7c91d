import type { CommitDeployment } from '../../domain/auto-deploy.ts';
import type { BranchHead } from '../../domain/push-order.ts';
import type { Project } from '../../domain/project.ts';
import type { ProjectOutcomes, WebhookDelivery, WebhookProvider, WebhookReading } from '../../domain/webhook.ts';

/** Where webhooks arrive, and what came. Error of all: `database_unavailable`. */
export interface WebhookStore {
  /** null: there is none of that id, or its project is being deleted. */
  hook(id: string): Promise<StoredHook | null>;
  hookOf(owner: HookOwner): Promise<StoredHook | null>;
  /** Unless there is one; with `replace` its secret takes the place of the old one, and the address stays. null: the project is gone. */
  putHook(owner: HookOwner, hook: NewHook, replace: boolean): Promise<StoredHook | null>;
  /** From now on it is that provider's alone, until it has another secret; unless it is somebody's already. */
  bindHook(id: string, provider: WebhookProvider): Promise<void>;
  /** With everything that came to it. False when there was none. */
  removeHook(owner: HookOwner): Promise<boolean>;

  /**
   * Kept when it resolves. What is known by its key or digest is counted as a repeat of that instead. Error: `too_busy` where as many wait in
   * its queue as may.
   */
  keep(delivery: NewDelivery): Promise<{ readonly id: string; readonly replayed: boolean }>;
  /** A copy, to be worked on again. False: there is none, or nothing was understood of it. */
  keepAgain(id: string, copy: DeliveryCopy): Promise<boolean>;
  /**
   * Gives the oldest delivery that waits to `work`, and keeps what it resolves to. Nobody else works meanwhile on it or on another one of its
   * queue, and when this process ends, somebody else may at once. Where `work` fails, as a whole or for a project, the failure is kept and it
   * is tried again later for whom it failed, or given up; what came after it does not wait for that. False: nothing waits.
   */
  next(work: (delivery: PendingDelivery) => Promise<WorkedDelivery>): Promise<boolean>;
  /**
   * The newest of its queue that came after it and wait, at most so many, newest first; of one that is tried again, also those that were
   * worked on meanwhile.
   */
  behind(id: string, limit: number): Promise<readonly WaitingDelivery[]>;
  /** Newest first, those below `before`; with `after` those above it, oldest first. `projectId` null: all. */
  list(query: DeliveryQuery): Promise<readonly WebhookDelivery[]>;
  /** Of a project where one is named: with the outcomes of that alone. */
  find(id: string, projectId: string | null): Promise<WebhookDelivery | null>;
  /** Removes what is older than that, and of each hook what is beyond the newest so many. Resolves to how many are gone. */
  prune(limits: DeliveryLimits): Promise<number>;

  /** Projects whose repository may be one of that name; the caller compares. */
  projectsByRepository(name: string): Promise<readonly Project[]>;
  projectById(id: string): Promise<Project | null>;
  /** Number of what was triggered under the key; null: nothing was. */
  deploymentUnder(onceKey: string): Promise<number | null>;
  /** The newest deployment of the commit to the environment. */
  deploymentOfCommit(environmentId: string, commit: string): Promise<CommitDeployment | null>;
}

export type HookOwner = { readonly projectId: string } | { readonly provider: WebhookProvider };

export interface NewHook {
  /** Part of its address; hard to guess. */
  readonly id: string;
  /** `sealed` is bound to it. */
  readonly sealedId: string;
  readonly sealed: string;
}

export interface StoredHook extends NewHook {
  /** null: of the platform. */
  readonly projectId: string | null;
  /** null: of a project, whichever provider calls. */
  readonly provider: WebhookProvider | null;
  /** Of a project's: who delivered to it first; null: nobody has. */
  readonly boundProvider: WebhookProvider | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly secretSetAt: string;
}

export interface NewDelivery {
  readonly id: string;
  readonly hookId: string;
  /** Whose hook it came to; null: the platform's. */
  readonly projectId: string | null;
  readonly provider: WebhookProvider;
  readonly state: 'pending' | 'ignored' | 'refused';
  readonly verified: boolean;
  readonly reason: string | null;
  readonly key: string;
  readonly digest: string | null;
  /** Deliveries of the same are worked on one after the other. */
  readonly queue: string;
  readonly reading: WebhookReading;
  /** Of which others it stands. */
  readonly repeats: number;
}

export interface DeliveryCopy {
  readonly id: string;
  /** Who wants it. */
  readonly by: string;
  /** Nothing follows for others; null: for all that it is about. */
  readonly projectId: string | null;
}

/** One that waits. */
export interface WaitingDelivery {
  readonly id: string;
  readonly provider: WebhookProvider;
  /** Whose hook it came to; null: the platform's. */
  readonly hookProjectId: string | null;
  /** Nothing is to follow for others; null: for all that it is about. */
  readonly onlyProjectId: string | null;
  readonly reading: WebhookReading;
}

export interface PendingDelivery extends WaitingDelivery {
  /** How often it was tried before. */
  readonly attempts: number;
  /** For whom nothing is left to be done. */
  readonly doneProjectIds: readonly string[];
  /** Where the branches that it is about were, by their names; of one that is tried again nothing is told. */
  readonly heads: ReadonlyMap<string, BranchHead>;
}

export interface WorkedDelivery {
  /** Why it is about no project; null where it is about one. */
  readonly reason: string | null;
  readonly projects: readonly WorkedProject[];
}

export interface WorkedProject extends Pick<ProjectOutcomes, 'outcomes'> {
  readonly projectId: string;
  /** To be tried again: the last outcome says why. */
  readonly failed: boolean;
}

export interface DeliveryQuery {
  readonly projectId: string | null;
  readonly before?: number;
  readonly after?: number;
  readonly limit: number;
}

export interface DeliveryLimits {
  readonly days: number;
  /** What a delivery is known by is known for longer than it is kept. */
  readonly knownDays: number;
  /** Of each hook. */
  readonly newest: number;
  /** Of each hook, of those from which nothing follows. */
  readonly newestIgnored: number;
  /** Of each hook, of those that were refused. */
  readonly newestRefused: number;
}
