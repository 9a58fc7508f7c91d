import type { WireDelivery } from '../../../contract/schemas/webhook.ts';
import { plainText, plural } from '../../output/quantities.ts';
import { facts } from '../../output/table.ts';

type WireEvent = WireDelivery['events'][number];

/** "push of 1a2b3c4 to main", "#42 opened". */
export function describeWhat({ events, name }: WireDelivery): string {
  return events.length === 0 ? name : events.map(describeEvent).join(', ');
}

function describeEvent(event: WireEvent): string {
  if (event.kind === 'push') return `push of ${event.commit.slice(0, 7)} to ${event.branch}`;
  if (event.kind === 'branch-deleted') return `${event.branch} deleted`;
  if (event.kind === 'installation') return `installation of ${event.account}: ${event.action}`;
  if (event.kind === 'tag') return `tag ${event.tag}${event.commit === null ? ' deleted' : ''}`;
  return `#${event.number} ${event.merged && event.action === 'closed' ? 'merged' : event.action}`;
}

/** What followed, or why nothing did, in one line. */
export function describeResult(delivery: WireDelivery): string {
  const { state, reason, projects } = delivery;
  if (state === 'pending') return reason === null ? 'waits' : `waits to be tried again: ${reason}`;
  if (state === 'refused' || state === 'ignored' || state === 'failed') return `${state}: ${reason ?? ''}`;
  const outcomes = projects.flatMap(describeOutcomes);
  return outcomes.length === 0 ? `matched no project: ${reason ?? ''}` : outcomes.join('; ');
}

function describeOutcomes({ project, outcomes }: WireDelivery['projects'][number]): readonly string[] {
  return outcomes.map(({ environment, result, reason }) => {
    const where = environment === null ? project : `${environment} of ${project}`;
    return result === 'not-deployed' ? `${where}: not deployed, ${reason}` : `${where}: ${reason}`;
  });
}

export function describeDelivery(delivery: WireDelivery): string {
  const { id, provider, name, hookProject, verified, state, repository, sender, repeats, receivedAt } = delivery;
  return facts([
    ['id', id],
    ['from', `${provider}, to the webhook of ${hookProject ?? 'the platform'}`],
    ['event', plainText(name)],
    ['what', plainText(describeWhat(delivery))],
    ['repository', repository === null ? null : plainText(repository)],
    ['sender', sender === null ? null : plainText(sender)],
    ['received', receivedAt],
    ['verified', verified ? 'yes' : 'no'],
    ['matched', delivery.projects.map(({ project }) => project).join(', ')],
    ['state', state],
    ['result', plainText(describeResult(delivery))],
    ['came again', repeats === 0 ? 'never' : plural(repeats, 'time')],
    ['redelivery', describeRedelivery(delivery)],
  ]);
}

function describeRedelivery({ redeliveryOf, redeliveredBy }: WireDelivery): string | null {
  return redeliveredBy === null ? null : `by ${redeliveredBy}, of ${redeliveryOf ?? 'one that is gone'}`;
}
