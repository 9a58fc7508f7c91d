import { describeRequests } from '../domain/timeline.ts';
import type { WireDeployment } from './schemas/deployment.ts';

/** "#2 is live; 0 of 3,214 requests failed during the switch": how a deployment came out, in one line. */
export function describeVerdict(deployment: WireDeployment): string {
  const name = `#${deployment.number}`;
  if (deployment.state === 'ready' || deployment.state === 'completed') {
    return `${name} is live${describeSwitch(deployment.requests)}`;
  }
  if (deployment.state === 'failed')
    return `${name} failed${because(deployment.failure?.message ?? deployment.reason)}`;
  return `${name} is ${deployment.state}${because(deployment.reason)}`;
}

function describeSwitch(requests: WireDeployment['requests']): string {
  if (requests === null || requests.total === 0) return '';
  return `; ${describeRequests(requests.total, requests.failed)} during the switch`;
}

function because(reason: string | null): string {
  return reason === null ? '' : `: ${reason}`;
}
