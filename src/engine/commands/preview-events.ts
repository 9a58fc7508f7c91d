import type { Project } from '../../domain/project.ts';
import type { BranchDeletedEvent, PullRequestEvent, PushEvent } from '../../domain/repository-event.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';

/** What concerns previews: a push only where no environment of the project has its branch. */
export type PreviewEvent = PushEvent | BranchDeletedEvent | PullRequestEvent;

export interface PreviewRequest {
  readonly project: Project;
  readonly event: PreviewEvent;
  /** Who made it happen and where, as `ada (GitHub)`. */
  readonly by: string;
  /** The same whenever the same event is worked on again, and no other: what is done under it is done once. */
  readonly onceKey: string;
}

/**
 * Does what the event means for the project's previews, and tells what that was. Called again after a crash: it looks before it acts. The
 * delivery is held meanwhile, and others of the repository wait: what takes longer than the database does is only asked for here.
 */
export type ApplyPreviewEvent = (request: PreviewRequest) => Promise<readonly DeliveryOutcome[]>;

/** Of a project without previews. */
export async function withoutPreviews({ event }: PreviewRequest): Promise<readonly DeliveryOutcome[]> {
  const nothing = { environment: null, result: 'not-deployed', deployment: null } as const;
  if (event.kind === 'pull-request') {
    const reason = `previews are not switched on for this project: #${event.number} was ${event.action}`;
    return [{ ...nothing, code: 'previews-off', reason }];
  }
  if (event.kind === 'push')
    return [{ ...nothing, code: 'no-environment', reason: `no environment has the branch "${event.branch}"` }];
  return [{ ...nothing, code: 'branch-deleted', reason: `the branch "${event.branch}" had no preview` }];
}
