import type { EventAuthor } from '../../domain/repository-event.ts';

export const gitServices = ['git-upload-pack', 'git-receive-pack'] as const;
export type GitService = (typeof gitServices)[number];

/**
 * The repositories that the platform keeps itself: one for each project, by the project's id, made when it is first asked for. Nothing
 * that somebody pushes configures them, and none of their hooks run.
 * Errors: `disk_full`, `invalid_input` for what is no id; `internal`.
 */
export interface GitRepositories {
  /** What the repository has: the first answer of the service. */
  advertise(projectId: string, service: GitService, exchange: GitExchange): Promise<void>;
  /** Sends what the caller asks for. */
  upload(projectId: string, exchange: GitExchange): Promise<void>;
  /**
   * Takes what the caller pushes, checks it, and holds it under the push's own name; no branch or tag has moved when `decide` is asked
   * what becomes of each. What `decide` resolves to is what the caller is told. Errors of `decide` are told too, and thrown. Error:
   * `upload_interrupted`, also where nothing comes for a while.
   */
  receive(push: ReceivedPush, exchange: GitExchange, decide: Decide): Promise<void>;
  /** Where a branch or tag is, by its full name; null: there is none. */
  find(projectId: string, ref: string): Promise<string | null>;
  /** Makes, moves or removes it; false where it was elsewhere, or is to lead to what is not here, and is left. What is done already is done. */
  move(projectId: string, change: RefChange): Promise<boolean>;
  /** What a push from `before` (null: the branch is new) to `commit` brought; null: the commit is not here. */
  pushed(projectId: string, before: string | null, commit: string): Promise<PushedCommits | null>;
  /** Pushes that are held. */
  held(projectId: string): Promise<readonly string[]>;
  /** What only this push brought is kept for some days at most. Absent is fine. */
  letGo(projectId: string, pushId: string): Promise<void>;
  /** Packs what many pushes have left, and removes what has led nowhere for days; mostly there is nothing to do. It must exist. */
  tidy(projectId: string): Promise<void>;
  /** Ids of the projects that have one. */
  list(): Promise<readonly string[]>;
  /** With all that was ever pushed to it. Absent is fine. */
  remove(projectId: string): Promise<void>;
}

/** One request and its answer. */
export interface GitExchange {
  /** Value of the header `Git-Protocol`. */
  readonly protocol: string | null;
  readonly body: AsyncIterable<Uint8Array>;
  /** Resolves when there is room for more; also, with nothing done, where nobody listens any more. */
  readonly send: (chunk: Uint8Array) => Promise<void>;
  /** Aborted when the caller is gone, or is to be sent away. */
  readonly signal: AbortSignal;
}

export interface PushedCommits {
  /** Of the newest commit, whole. */
  readonly message: string;
  readonly author: EventAuthor;
  /** null: nobody knows, or there are too many. */
  readonly changedPaths: readonly string[] | null;
}

export interface ReceivedPush {
  readonly projectId: string;
  readonly pushId: string;
  /** Why nothing of it is taken, in a few words: it is read, as else nobody would hear of that, and not kept. Default: it is taken. */
  readonly refusal?: RefRefusal;
}

/** null: it is not there. */
export interface RefChange {
  /** `refs/heads/main`. */
  readonly ref: string;
  /** 40 hex digits. */
  readonly from: string | null;
  readonly to: string | null;
}

/** null: taken as it is; else why not, in a few words. */
export type RefRefusal = string | null;

/**
 * Resolves to one answer for each change, in their order. `tell`: a line for the caller. Whatever it has begun it goes on with when the caller
 * is gone.
 */
export type Decide = (changes: readonly RefChange[], tell: (line: string) => void) => Promise<readonly RefRefusal[]>;
