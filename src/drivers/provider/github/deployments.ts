import type { ProviderMessage, ReportState } from '../../../domain/provider.ts';
import type { GitHubClient } from './client.ts';
import type { Asked } from './github.ts';
import { pages } from './pages.ts';

type Id = number | bigint;
type DeploymentStatus = Extract<ProviderMessage, { kind: 'deployment-status' }>;
type CommitDeployment = Extract<ProviderMessage, { kind: 'commit-deployment' }>;

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
  for (const id of ids) await setState(client, asked, { id, state, description, url, auto_inactive: true });
}

/** Of the commit alone, the newest of its deployments there: that others are over is told of each, in whatever order that comes. */
export async function tellCommitDeployment(
  client: GitHubClient,
  asked: Asked,
  { environment, production, commit, state, description, url }: CommitDeployment,
): Promise<void> {
  const wanted = { ...asked, environment, sha: commit, per_page: 1 };
  const { data } = await client.request('GET /repos/{owner}/{repo}/deployments', wanted);
  const known = data[0]?.id ?? null;
  if (known === null && state === 'inactive') return;
  const id = known ?? (await create(client, asked, { environment, commit, lasting: { production } }));
  await setState(client, asked, { id, state, description, url, auto_inactive: false });
}

interface NewStatus extends Pick<CommitDeployment, 'state' | 'description' | 'url'> {
  readonly id: Id;
  /** GitHub says of others that they are over. */
  readonly auto_inactive: boolean;
}

async function setState(
  client: GitHubClient,
  asked: Asked,
  { id, state, description, url, auto_inactive }: NewStatus,
): Promise<void> {
  await client.request('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    ...asked,
    // Larger ones than a number can hold are far away.
    deployment_id: Number(id),
    state: states[state],
    description: description.slice(0, 140),
    auto_inactive,
    ...(url === null ? {} : { environment_url: url }),
  });
}

/** Newest first. */
async function find(client: GitHubClient, asked: Asked, environment: string) {
  const first = client.request('GET /repos/{owner}/{repo}/deployments', { ...asked, environment, per_page: 100 });
  const found: { readonly id: Id; readonly sha: string }[] = [];
  for await (const page of pages(client, first, asked.request)) found.push(...page.map(({ id, sha }) => ({ id, sha })));
  return found;
}

interface NewDeployment {
  readonly environment: string;
  readonly commit: string;
  /** Of an environment that does not go with a pull request. */
  readonly lasting?: { readonly production: boolean } | null;
}

async function create(
  client: GitHubClient,
  asked: Asked,
  { environment, commit, lasting = null }: NewDeployment,
): Promise<Id> {
  const { data, status } = await client.request('POST /repos/{owner}/{repo}/deployments', {
    ...asked,
    ref: commit,
    environment,
    auto_merge: false,
    required_contexts: [],
    transient_environment: lasting === null,
    production_environment: lasting?.production ?? false,
  });
  if ('id' in data) return data.id;
  throw new Error(`GitHub made no deployment: ${status}`);
}
