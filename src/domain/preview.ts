import type { RepositoryEvent } from './repository-event.ts';

/** What a preview is of. With the repository it is the preview's key, and never changes. */
export type PreviewSubject =
  | { readonly kind: 'pull-request'; readonly number: number }
  | { readonly kind: 'branch'; readonly branch: string }
  /** One deployment of another preview: what was deployed there then, at a URL of its own that never shows anything else. */
  | { readonly kind: 'deployment'; readonly number: number; readonly preview: string };

/** A pull request, a branch, or one deployment of such a preview, and the environment that shows it (rule 6). */
export interface Preview {
  readonly id: string;
  readonly projectId: string;
  readonly projectName: string;
  /** As the project named it when the preview was first asked for. */
  readonly repository: string;
  readonly subject: PreviewSubject;
  /** Of its environment; a DNS label, unique in the project, given once. */
  readonly name: string;
  /** That the commits are on. */
  readonly branch: string;
  /** 40 hex digits of the newest; null: the head of the branch. */
  readonly commit: string | null;
  readonly title: string | null;
  /** To the page of the pull request, for people. */
  readonly link: string | null;
  /** The commits are in somebody else's repository. */
  readonly fromFork: boolean;
  /** The one commit of a fork that somebody who may has approved. */
  readonly approvedCommit: string | null;
  readonly approvedBy: string | null;
  readonly open: boolean;
  /** The pull request or the branch itself is closed or gone, as far as is known. */
  readonly finished: boolean;
  /** Why it is not open any more, for people. */
  readonly closedReason: string | null;
  /** How often something was pushed to it, or it was opened. */
  readonly revision: number;
  /** The newest of them that was given to a deployment; 0: none. */
  readonly deployedRevision: number;
  /** null: it has none now. */
  readonly environmentId: string | null;
  /** Hosts of the environment. */
  readonly hosts: readonly string[];
  /** ISO 8601: nobody used it for a while, and it is started again for the next visitor; null: it is awake. */
  readonly asleepSince: string | null;
  /** Of its newest deployment. */
  readonly deployment: PreviewDeployment | null;
  /** Those of its deployments that have a URL of their own, the newest first. */
  readonly deploymentHosts: readonly DeploymentHost[];
  /** ISO 8601. */
  readonly pushedAt: string;
  readonly createdAt: string;
}

export interface PreviewDeployment {
  readonly id: string;
  readonly number: number;
  readonly state: string;
  readonly reason: string | null;
}

export interface DeploymentHost {
  /** Of the deployment that is shown there. */
  readonly number: number;
  readonly host: string;
}

/**
 * `needs-approval`, `waiting` (for a place, or for the end of the environment before): nothing of its newest commit is built yet. `removing`:
 * what it had is being taken down.
 */
export const previewStates = ['open', 'needs-approval', 'waiting', 'removing', 'closed'] as const;
export type PreviewState = (typeof previewStates)[number];

export function previewState(preview: Preview): PreviewState {
  if (!preview.open) return preview.environmentId === null ? 'closed' : 'removing';
  if (needsApproval(preview)) return 'needs-approval';
  return preview.deployedRevision < preview.revision ? 'waiting' : 'open';
}

/** Of the deployment of what was pushed to it as the `revision`-th, so that there is one, whoever makes it. */
export function onceKeyOfPreview(environmentId: string, revision: number): string {
  return `preview:${environmentId}:${revision}`;
}

/** What comes from a fork is never built before somebody who may has said so of that very commit. */
export function needsApproval({ fromFork, approvedCommit, commit }: Preview): boolean {
  return fromFork && (commit === null || approvedCommit !== commit);
}

/** Text that is the same for the same subject. */
export function subjectKey(subject: PreviewSubject): string {
  return subject.kind === 'branch' ? `branch:${subject.branch}` : `${subject.kind}:${subject.number}`;
}

/** "pull request 42", "branch feature/x", "deployment #7 of pr-42". */
export function describeSubject(subject: PreviewSubject): string {
  switch (subject.kind) {
    case 'pull-request':
      return `pull request ${subject.number}`;
    case 'branch':
      return `branch ${subject.branch}`;
    case 'deployment':
      return `deployment #${subject.number} of ${subject.preview}`;
  }
}

/** ISO 8601; null: it does not end by itself. */
export function expiresAt({ pushedAt }: Pick<Preview, 'pushedAt'>, ttlMs: number | null): string | null {
  return ttlMs === null ? null : new Date(Date.parse(pushedAt) + ttlMs).toISOString();
}

/** What is asked of the previews of a project. */
export type PreviewWish =
  | { readonly kind: 'open'; readonly opening: PreviewOpening }
  | { readonly kind: 'close'; readonly subjects: readonly PreviewSubject[]; readonly reason: string };

export interface PreviewOpening {
  readonly subject: PreviewSubject;
  readonly branch: string;
  readonly commit: string | null;
  readonly title: string | null;
  readonly link: string | null;
  readonly fromFork: boolean;
  /** Also where it is finished, or closed with this very commit; without it, what is late is not taken for news. */
  readonly again: boolean;
}

/** What opening does to a preview that there is: `stale`: nothing, because what is told is older than what is known. */
export function effectOfOpening(
  known: Pick<Preview, 'open' | 'finished' | 'commit'>,
  opening: Pick<PreviewOpening, 'commit' | 'again'>,
): 'none' | 'stale' | 'push' {
  const same = known.commit === opening.commit && opening.commit !== null;
  if (known.open) return same ? 'none' : 'push';
  return opening.again || (!known.finished && !same) ? 'push' : 'stale';
}

type EventWithPreview = Exclude<RepositoryEvent, { readonly kind: 'tag' | 'installation' }>;

/** What an event asks for, whatever is switched on. A push is one to the branch's own preview. */
export function wishOf(event: EventWithPreview): PreviewWish {
  switch (event.kind) {
    case 'push':
      return open({
        subject: { kind: 'branch', branch: event.branch },
        branch: event.branch,
        commit: event.commit,
        title: event.message,
        link: null,
        fromFork: false,
        again: true,
      });
    case 'branch-deleted':
      return {
        kind: 'close',
        subjects: [{ kind: 'branch', branch: event.branch }],
        reason: `the branch ${event.branch} was deleted`,
      };
    case 'pull-request': {
      const subject: PreviewSubject = { kind: 'pull-request', number: event.number };
      if (event.action === 'closed') {
        const reason = `pull request ${event.number} was ${event.merged ? 'merged' : 'closed'}`;
        return { kind: 'close', subjects: [subject], reason };
      }
      const { headBranch: branch, headCommit: commit, title, url: link, fromFork } = event;
      return open({ subject, branch, commit, title, link, fromFork, again: event.action === 'reopened' });
    }
  }
}

function open(opening: PreviewOpening): PreviewWish {
  return { kind: 'open', opening };
}
