import type { Deployment } from './deployment.ts';
import type { Observation } from './observation.ts';
import { describeRequests } from './timeline.ts';

/** A deployment's result in one sentence, with what could not have been seen (rule 2.6); null while there is none. */
export function describeVerdict(deployment: Deployment, observation: Observation | null): string | null {
  const { number, state, reason, requests } = deployment;
  const counted = requests === null ? '' : `; ${describeRequests(requests.total, requests.failed)} during the switch`;
  switch (state) {
    case 'completed':
      return `#${number} is live${counted}${describeObservation(observation)}`;
    case 'failed':
    case 'cancelled':
    case 'stopped':
    case 'paused':
      return reason === null ? `#${number} is ${state}` : `#${number} is ${state}: ${reason}`;
    case 'pending':
    case 'running':
    case 'deploying':
    case 'ready':
      return null;
  }
}

function describeObservation(observation: Observation | null): string {
  if (observation === null) return '';
  const limits = observation.view === null ? '' : `; ${observation.view.limits}`;
  if (observation.closedAt === null) return `; it is observed${limits}`;
  return observation.outcome === 'passed' ? `; it was observed and is fine${limits}` : '';
}
