import type { Actor } from '../../domain/roles.ts';
import type { GitExchange, GitService } from '../ports/git-repositories.ts';

/**
 * The repositories that the platform keeps itself, as Git speaks to them. Whoever may deploy may read and push; who may only trigger may only push. Errors of all: `forbidden`,
 * `not_found`, `repository_elsewhere`.
 */
export interface PushCommands {
  /** Address of the project's remote. */
  remote(actor: Actor, project: string): Promise<ProjectRemote>;
  /** What the repository has: the first answer of the service. */
  advertise(actor: Actor, project: string, service: GitService, exchange: GitExchange): Promise<void>;
  /** Sends what the caller fetches. */
  upload(actor: Actor, project: string, exchange: GitExchange): Promise<void>;
  /**
   * Takes what is pushed, deploys each branch to its environments, and tells how it goes until it is over; whoever goes away earlier
   * changes nothing of it.
   */
  push(actor: Actor, project: string, exchange: GitExchange): Promise<void>;
}

export interface ProjectRemote {
  readonly url: string;
  /** Branches that are deployed, with the environments that are deployed from them. */
  readonly branches: readonly { readonly branch: string; readonly environments: readonly string[] }[];
}
