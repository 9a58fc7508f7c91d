import { expiresAt, previewState, type Preview } from '../../domain/preview.ts';
import type { ProviderMessage, ReportState } from '../../domain/provider.ts';

export interface ReportContext {
  readonly ttlMs: number | null;
  readonly urlOf: (host: string) => string;
}

/** What the provider is told of a preview as it is now: the comment on its pull request, and the states of commit and deployment. */
export function previewReport(preview: Preview, context: ReportContext): readonly ProviderMessage[] {
  // Told with the preview that it is a deployment of.
  if (preview.subject.kind === 'deployment') return [];
  const [host] = preview.hosts;
  const url = host === undefined ? null : context.urlOf(host);
  const { state, text } = summary(preview);
  const environment = `${preview.projectName}/${preview.name}`;
  const messages: ProviderMessage[] = [];
  if (preview.subject.kind === 'pull-request') {
    const marker = `<!-- cutover:preview:${preview.id} -->`;
    const body = commentBody({ preview, marker, text, url, context });
    messages.push({ kind: 'comment', pullRequest: preview.subject.number, marker, body });
  }
  // What is closed says nothing of its commit any more.
  if (preview.commit !== null && state !== 'inactive') {
    const described = { context: `cutover/${environment}`, state, description: text, url };
    messages.push({ kind: 'commit-status', commit: preview.commit, ...described });
  }
  if (state === 'inactive' || preview.environmentId !== null) {
    const { commit, branch } = preview;
    messages.push({ kind: 'deployment-status', environment, commit, branch, state, description: text, url });
  }
  return messages;
}

/** In words, at most 140 characters as GitHub takes them. */
function summary(preview: Preview): { readonly state: ReportState; readonly text: string } {
  const { deployment, closedReason } = preview;
  switch (previewState(preview)) {
    case 'closed':
    case 'removing':
      return { state: 'inactive', text: `The preview was removed: ${closedReason ?? 'closed'}`.slice(0, 140) };
    case 'needs-approval':
      return { state: 'pending', text: 'The commit comes from a fork and waits for approval.' };
    case 'waiting':
      return { state: 'pending', text: 'The preview waits for its place.' };
    case 'open':
      return deployment === null
        ? { state: 'pending', text: 'The preview is being made.' }
        : { state: stateOf(deployment.state), text: `#${deployment.number} ${wordOf(deployment.state)}.` };
  }
}

function stateOf(deployment: string): Exclude<ReportState, 'inactive'> {
  if (deployment === 'completed' || deployment === 'ready') return 'success';
  return deployment === 'failed' || deployment === 'cancelled' || deployment === 'stopped' ? 'failure' : 'pending';
}

function wordOf(deployment: string): string {
  if (deployment === 'completed' || deployment === 'ready') return 'is live';
  return deployment === 'pending' ? 'waits for its turn' : `is ${deployment}`;
}

interface Comment {
  readonly preview: Preview;
  readonly marker: string;
  readonly text: string;
  readonly url: string | null;
  readonly context: ReportContext;
}

/** The marker is how it is found again. Nothing of it is what somebody outside has written. */
function commentBody({ preview, marker, text, url, context }: Comment): string {
  const { projectName, name, commit, open, deploymentHosts } = preview;
  const links = deploymentHosts.map(({ number, host }) => `[#${number}](${context.urlOf(host)})`);
  const rows = [
    ['Preview', url === null ? '-' : `[${url}](${url})`],
    ...(links.length === 0 ? [] : [['Deployments', links.join(', ')]]),
    ['Commit', commit === null ? 'the head of the branch' : `\`${commit.slice(0, 12)}\``],
    ['State', text],
    ['Ends', (open ? expiresAt(preview, context.ttlMs) : null) ?? '-'],
  ];
  const table = rows.map(([key, value]) => `| ${key} | ${value} |`).join('\n');
  return `${marker}\n**${projectName}** \`${name}\`\n\n| | |\n|---|---|\n${table}\n`;
}
