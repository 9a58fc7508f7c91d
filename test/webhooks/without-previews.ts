import type { DeliveryOutcome } from '../../src/domain/webhook.ts';
import type { PreviewRequest } from '../../src/engine/commands/preview-events.ts';

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
