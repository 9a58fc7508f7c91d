import type { DeploymentState } from './deployment-state.ts';
import type { ProviderMessage, ReportState } from './provider.ts';

/** A deployment of a commit in an environment that is no preview, the newest of that commit there, as its provider may be told of it. */
export interface ReportableDeployment {
  readonly projectName: string;
  readonly environmentName: string;
  readonly production: boolean;
  readonly number: number;
  readonly state: DeploymentState;
  readonly reason: string | null;
  /** Code of the catalogue; null: it did not fail, or nobody knows. */
  readonly failure: string | null;
  readonly branch: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** Of the deployment that it goes back to; null: it is no rollback. */
  readonly backTo: number | null;
  /** It was ready once. */
  readonly served: boolean;
  /** It, or another deployment of the same commit, is what the environment has now. */
  readonly commitServes: boolean;
}

interface Summary {
  readonly state: Exclude<ReportState, 'inactive'>;
  readonly text: string;
}

/** The state of the commit, and that of its deployment; nothing is said that an app or its log has said, as repositories may be public. */
export function deploymentReport(deployment: ReportableDeployment, url: string | null): readonly ProviderMessage[] {
  const { projectName, environmentName, production, commit, branch } = deployment;
  const environment = `${projectName}/${environmentName}`;
  const { state, text } = summaryOf(deployment);
  const said = { commit, description: text, url };
  const status = { kind: 'commit-status', context: `cutover/${environment}`, state, ...said } as const;
  // What only waits may never be begun.
  if (deployment.state === 'pending') return [status];
  const deployed = deploymentState(deployment, state);
  return [status, { kind: 'commit-deployment', environment, production, branch, state: deployed, ...said }];
}

/** What serves is a success, whatever became of deploying the same commit once more; what has served and does not is over. */
function deploymentState(
  { state, served, commitServes }: ReportableDeployment,
  told: Exclude<ReportState, 'inactive'>,
): ReportState {
  if (told === 'pending') return told;
  if (commitServes) return 'success';
  return state === 'cancelled' || state === 'completed' || (state === 'stopped' && served) ? 'inactive' : told;
}

/** At most 140 characters, as GitHub takes them. */
function summaryOf(deployment: ReportableDeployment): Summary {
  const { number, state, served, backTo, failure, commitServes } = deployment;
  const because = /^(?:rolled back to #\d+|superseded by (?:rollback )?#\d+|replaced by #\d+)/.exec(
    deployment.reason ?? '',
  )?.[0];
  const tail = because === undefined ? '' : `: ${because}`;
  switch (state) {
    case 'pending':
      return { state: 'pending', text: `#${number} waits for its turn.` };
    case 'running':
    case 'deploying':
    case 'paused':
      return { state: 'pending', text: `#${number} is ${state}.` };
    case 'ready':
    case 'completed': {
      if (state === 'completed' && !commitServes) return { state: 'success', text: `#${number} has served${tail}.` };
      return { state: 'success', text: `#${number} is live${backTo === null ? '' : `, back to #${backTo}`}.` };
    }
    case 'failed':
      return { state: 'failure', text: `#${number} failed${failure === null ? '' : ` (${failure})`}.` };
    case 'cancelled':
      return { state: 'failure', text: `#${number} was cancelled${tail}.` };
    case 'stopped': {
      const good = served && because?.startsWith('rolled back') !== true;
      return { state: good ? 'success' : 'failure', text: `#${number} was stopped${tail}.` };
    }
  }
}
