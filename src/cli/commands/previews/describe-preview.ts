import type { WirePreview, WirePreviewSettings } from '../../../contract/schemas/preview.ts';
import { formatDuration, plainText } from '../../output/quantities.ts';
import { facts } from '../../output/table.ts';

export function describePreview(preview: WirePreview): string {
  const { name, state, branch, commit, title, link, fromFork, address, deployment } = preview;
  const { expiresAt, pushedAt, asleepSince, deploymentUrls } = preview;
  return facts([
    ['name', name],
    ['state', `${state}${preview.closedReason === null ? '' : `: ${plainText(preview.closedReason)}`}`],
    ['of', describeSubject(preview)],
    ['title', title === null ? null : plainText(title)],
    ['link', link === null ? null : plainText(link)],
    ['branch', plainText(branch)],
    ['commit', commit ?? 'the head of the branch'],
    ['from a fork', fromFork ? describeApproval(preview) : 'no'],
    ['address', address],
    ['deployment', deployment === null ? null : `#${deployment.number} is ${deployment.state}`],
    ...deploymentUrls.map(({ number, url }): [string, string] => [`#${number} for itself`, url]),
    ['asleep since', asleepSince],
    ['pushed', pushedAt],
    ['expires', expiresAt ?? (state === 'closed' || state === 'removing' ? null : 'never')],
  ]);
}

export function describeSubject({ subject }: WirePreview): string {
  switch (subject.kind) {
    case 'pull-request':
      return `pull request ${subject.number}`;
    case 'branch':
      return `branch ${plainText(subject.branch)}`;
    case 'deployment':
      return `deployment #${subject.number} of ${subject.preview}`;
  }
}

function describeApproval({ approvedCommit, approvedBy, commit }: WirePreview): string {
  if (approvedCommit !== null && approvedCommit === commit) return `yes; approved by ${approvedBy ?? '?'}`;
  return approvedCommit === null ? 'yes; not approved' : `yes; only ${approvedCommit} is approved`;
}

export function describeSettings(settings: WirePreviewSettings): string {
  const { pullRequests, branches, limit, ttlMs, sleepAfterMs, deploymentUrls, noindex, password } = settings;
  const { replicas, cpuCores, memoryMb } = settings;
  return facts([
    ['pull requests', pullRequests ? 'on' : 'off'],
    ['branches', branches ? 'on' : 'off'],
    ['limit', limit],
    ['ttl', ttlMs === null ? 'none' : `${describeTime(ttlMs)} after the last push`],
    ['sleep', sleepAfterMs === null ? 'never' : `after ${describeTime(sleepAfterMs)} without a request`],
    ['deployment urls', deploymentUrls === 0 ? 'none' : `of the newest ${deploymentUrls} of each`],
    ['noindex', noindex ? 'yes' : 'no'],
    ['password', password ? 'set; the user name is preview' : 'none'],
    ['replicas', replicas],
    ['limits', `${cpuCores} cores, ${memoryMb} MiB per instance`],
  ]);
}

function describeTime(ms: number): string {
  const minutes = ms / 60_000;
  if (Number.isInteger(minutes / 60)) return `${minutes / 60} h`;
  return Number.isInteger(minutes) ? `${minutes} min` : formatDuration(ms);
}
