import type { ProviderMessage, ReportState } from '../../../domain/provider.ts';
import type { Asked, GitHubClient } from './github.ts';

type Id = number | bigint;
type DeploymentStatus = Extract<ProviderMessage, { kind: 'deployment-status' }>;

const states: Readonly<Record<ReportState, 'in_progress' | 'success' | 'failure' | 'inactive'>> = {
  pending: 'in_progress',
  success: 'success',
  failure: 'failure',
  inactive: 'inactive',
};

/** One deployment for each commit of an environment; the end of the environment is said of all of them. */
export async function tellDeployment(client: GitHubClient, asked: Asked, message: DeploymentStatus): Promise<void> {
  const { environment, commit, state, description, url } = message;
  const known = await find(client, asked, environment);
  const meant = state === 'inactive' ? known : known.filter(({ sha }) => sha === commit).slice(0, 1);
  const ids: Id[] = meant.map(({ id }) => id);
  if (ids.length === 0 && state !== 'inactive' && commit !== null)
    ids.push(await create(client, asked, { environment, commit }));
  for (const deployment_id of ids) {
    await client.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
      ...asked,
      // Larger ones than a number can hold are far away.
      deployment_id: Number(deployment_id),
      state: states[state],
      description: description.slice(0, 140),
      auto_inactive: true,
      ...(url === null ? {} : { environment_url: url }),
    });
  }
}

/** Newest first. */
async function find(client: GitHubClient, asked: Asked, environment: string) {
  const page = { ...asked, environment, per_page: 100 };
  return client.paginate('GET /repos/{owner}/{repo}/deployments', page);
}

async function create(
  client: GitHubClient,
  asked: Asked,
  { environment, commit }: { readonly environment: string; readonly commit: string },
): Promise<Id> {
  const { data, status } = await client.request('POST /repos/{owner}/{repo}/deployments', {
    ...asked,
    ref: commit,
    environment,
    auto_merge: false,
    required_contexts: [],
    transient_environment: true,
    production_environment: false,
  });
  if ('id' in data) return data.id;
  throw new Error(`GitHub made no deployment: ${status}`);
}
