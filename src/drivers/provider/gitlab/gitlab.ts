import { z } from 'zod';
import type { ProviderAccess, ProviderMessage, PullRequestState, ReportState } from '../../../domain/provider.ts';
import { ProviderError, type Provider } from '../../../engine/ports/provider.ts';
import { anything, nextLink, RestClient } from '../rest-client.ts';

const mergeRequest = z.object({
  iid: z.int(),
  state: z.string(),
  title: z.string(),
  web_url: z.string(),
  source_branch: z.string(),
  sha: z.string(),
  source_project_id: z.number().nullable(),
  target_project_id: z.number(),
});
const note = z.object({ id: z.int(), body: z.string() });
const deployment = z.object({ id: z.int(), sha: z.string() });
const environment = z.object({ id: z.int(), state: z.string() });

const commitStates = { pending: 'running', success: 'success', failure: 'failed' } as const;
const deploymentStates = { pending: 'running', success: 'success', failure: 'failed', inactive: 'canceled' } as const;

/** GitLab's REST API, version 4, with a personal, project or group access token of scope `api`. */
export function openGitLab(access: ProviderAccess, fetch: typeof globalThis.fetch): Provider {
  const { apiUrl, repository, token } = access;
  const client = new RestClient({ apiUrl, headers: { 'private-token': token }, fetch });
  const project = `/projects/${encodeURIComponent(repository)}`;
  return {
    tell: (message, signal) => tell(client, project, message, signal),
    async pullRequest(number, signal) {
      const found = await client.find(mergeRequest, {
        method: 'GET',
        path: `${project}/merge_requests/${number}`,
        signal,
      });
      return found === null ? null : toState(found);
    },
    async openPullRequests(signal) {
      const path = `${project}/merge_requests?state=opened&per_page=100`;
      const all = await client.all(z.array(mergeRequest), { method: 'GET', path, signal }, byLink);
      return all.map(toState);
    },
  };
}

function byLink<T>(items: readonly T[], headers: Headers) {
  return { items, next: nextLink(headers.get('link')) };
}

async function tell(client: RestClient, project: string, message: ProviderMessage, signal: AbortSignal): Promise<void> {
  switch (message.kind) {
    case 'comment':
      return comment(client, `${project}/merge_requests/${message.pullRequest}/notes`, message, signal);
    case 'commit-status': {
      const { commit, state, context, description, url } = message;
      const body = {
        state: commitStates[state],
        name: context,
        description,
        ...(url === null ? {} : { target_url: url }),
      };
      return unlessSo(() =>
        client.call(anything, { method: 'POST', path: `${project}/statuses/${commit}`, body, signal }),
      );
    }
    case 'deployment-status':
      return tellDeployment(client, project, message, signal);
    case 'commit-deployment':
      return tellCommitDeployment(client, project, message, signal);
  }
}

/** A status that is what it was already is refused. */
async function unlessSo(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProviderError && /Cannot transition status/i.test(error.message)) return;
    throw error;
  }
}

type Comment = Extract<ProviderMessage, { kind: 'comment' }>;
type CommitDeployment = Extract<ProviderMessage, { kind: 'commit-deployment' }>;
type DeploymentStatus = Extract<ProviderMessage, { kind: 'deployment-status' }>;

async function comment(
  client: RestClient,
  path: string,
  { marker, body }: Comment,
  signal: AbortSignal,
): Promise<void> {
  const notes = await client.all(
    z.array(note),
    { method: 'GET', path: `${path}?per_page=100&sort=asc`, signal, whole: true },
    // Of thousands of comments only those that may be ours are kept.
    (all, headers) =>
      byLink(
        all.filter((one) => one.body.includes(marker)),
        headers,
      ),
  );
  for (const found of notes) {
    if (found.body === body) return;
    if (
      await mayEdit(() => client.call(anything, { method: 'PUT', path: `${path}/${found.id}`, body: { body }, signal }))
    )
      return;
  }
  await client.call(anything, { method: 'POST', path, body: { body }, signal });
}

/** What may not be edited is somebody else's, who has copied the marker. */
async function mayEdit(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'provider_refused') return false;
    throw error;
  }
}

async function tellDeployment(
  client: RestClient,
  project: string,
  message: DeploymentStatus,
  signal: AbortSignal,
): Promise<void> {
  if (message.state === 'inactive') return stop(client, project, message.environment, signal);
  const { commit } = message;
  if (commit !== null) return setDeployment(client, project, { ...message, commit }, signal);
}

/** That another one has taken its place GitLab sees by itself. */
async function tellCommitDeployment(
  client: RestClient,
  project: string,
  message: CommitDeployment,
  signal: AbortSignal,
): Promise<void> {
  if (message.state !== 'inactive') return setDeployment(client, project, message, signal);
}

type Told = Pick<CommitDeployment, 'environment' | 'commit' | 'branch' | 'state'>;

async function setDeployment(
  client: RestClient,
  project: string,
  { environment: name, commit, branch, state }: Told,
  signal: AbortSignal,
): Promise<void> {
  const status: (typeof deploymentStates)[ReportState] = deploymentStates[state];
  const listed = `${project}/deployments?environment=${encodeURIComponent(name)}&order_by=id&sort=desc&per_page=1`;
  const [newest] = await client.call(z.array(deployment), { method: 'GET', path: listed, signal });
  if (newest?.sha === commit) {
    const path = `${project}/deployments/${newest.id}`;
    return unlessSo(() => client.call(anything, { method: 'PUT', path, body: { status }, signal }));
  }
  const body = { environment: name, sha: commit, ref: branch, tag: false, status };
  await client.call(anything, { method: 'POST', path: `${project}/deployments`, body, signal });
}

async function stop(client: RestClient, project: string, name: string, signal: AbortSignal): Promise<void> {
  const path = `${project}/environments?name=${encodeURIComponent(name)}`;
  for (const { id, state } of await client.call(z.array(environment), { method: 'GET', path, signal })) {
    if (state === 'stopped') continue;
    await client.call(anything, {
      method: 'POST',
      path: `${project}/environments/${id}/stop`,
      body: { force: true },
      signal,
    });
  }
}

function toState(one: z.output<typeof mergeRequest>): PullRequestState {
  return {
    number: one.iid,
    open: one.state === 'opened' || one.state === 'locked',
    merged: one.state === 'merged',
    title: one.title,
    link: one.web_url,
    branch: one.source_branch,
    commit: one.sha,
    fromFork: one.source_project_id !== one.target_project_id,
  };
}
