/** The nine states of a deployment (specification, rule 2.2). */
export const deploymentStates = [
  'pending',
  'running',
  'deploying',
  'ready',
  'completed',
  'failed',
  'cancelled',
  'paused',
  'stopped',
] as const;
export type DeploymentState = (typeof deploymentStates)[number];

/** What can happen to a deployment. `resumed` names the state that the pause interrupted. */
export type DeploymentEvent =
  | { readonly type: 'claimed' }
  | { readonly type: 'instances-starting' }
  | { readonly type: 'traffic-received' }
  | { readonly type: 'predecessor-drained' }
  | { readonly type: 'failed' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'superseded' }
  | { readonly type: 'paused' }
  | { readonly type: 'resumed'; readonly to: 'deploying' | 'ready' | 'completed' }
  | { readonly type: 'stopped' };

export type TransitionResult =
  | { readonly ok: true; readonly state: DeploymentState }
  | { readonly ok: false; readonly message: string };

const legalFrom: Record<DeploymentEvent['type'], readonly DeploymentState[]> = {
  claimed: ['pending'],
  'instances-starting': ['running'],
  'traffic-received': ['deploying'],
  'predecessor-drained': ['ready'],
  failed: ['pending', 'running', 'deploying', 'ready'],
  cancelled: ['pending', 'running'],
  superseded: ['pending'],
  paused: ['deploying', 'ready', 'completed'],
  resumed: ['paused'],
  stopped: ['deploying', 'ready', 'completed', 'paused'],
};

/** Total and pure: every pair of state and event has an answer, and a refusal says why and changes nothing. */
export function transition(state: DeploymentState, event: DeploymentEvent): TransitionResult {
  if (!legalFrom[event.type].includes(state)) {
    return { ok: false, message: `a deployment that is ${state} cannot be ${describe(event)}` };
  }
  return { ok: true, state: target(event) };
}

/** Final states never change again. */
export function isFinal(state: DeploymentState): boolean {
  return state === 'failed' || state === 'cancelled' || state === 'stopped';
}

/** States in which a deployment has, or may get, the right to change what serves in its environment. */
export function holdsEnvironment(state: DeploymentState): boolean {
  return state === 'running' || state === 'deploying' || state === 'ready';
}

/** As much of a deployment as it takes to tell how far its rollout is. */
export interface Rollout {
  readonly state: DeploymentState;
  readonly pausedFrom: DeploymentState | null;
}

/** Its instances start, or it has its share of the traffic; also while it is held. */
export function isRolledOut({ state, pausedFrom }: Rollout): boolean {
  const step = state === 'paused' ? pausedFrom : state;
  return step === 'deploying' || step === 'ready';
}

/** Cancel is legal before any instance starts (rule 2.2). */
export function isCancellable(state: DeploymentState): boolean {
  return legalFrom.cancelled.includes(state);
}

function target(event: DeploymentEvent): DeploymentState {
  switch (event.type) {
    case 'claimed':
      return 'running';
    case 'instances-starting':
      return 'deploying';
    case 'traffic-received':
      return 'ready';
    case 'predecessor-drained':
      return 'completed';
    case 'superseded':
      return 'cancelled';
    case 'resumed':
      return event.to;
    case 'failed':
    case 'cancelled':
    case 'paused':
    case 'stopped':
      return event.type;
  }
}

function describe(event: DeploymentEvent): string {
  return event.type === 'resumed' ? `resumed to ${event.to}` : event.type.replaceAll('-', ' ');
}
