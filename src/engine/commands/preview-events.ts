import {
  describeSubject,
  needsApproval,
  previewState,
  wishOf,
  type Preview,
  type PreviewOpening,
  type PreviewSubject,
  type PreviewWish,
} from '../../domain/preview.ts';
import type { PreviewSettings } from '../../domain/preview-settings.ts';
import type { Project } from '../../domain/project.ts';
import type { BranchDeletedEvent, PullRequestEvent, PushEvent } from '../../domain/repository-event.ts';
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import type { Opened } from '../ports/preview-store.ts';
import { closePreviews, openPreview, type PreviewDependencies } from './previews.ts';

/** What concerns previews: a push only where no environment of the project has its branch. */
export type PreviewEvent = PushEvent | BranchDeletedEvent | PullRequestEvent;

export interface PreviewRequest {
  readonly project: Project;
  readonly event: PreviewEvent;
  /** Who made it happen and where, as `ada (GitHub)`. */
  readonly by: string;
  /** The same whenever the same event is worked on again, and no other. */
  readonly onceKey: string;
}

/**
 * Does what the event means for the project's previews, and tells what that was. Called again after a crash: it looks before it acts. The
 * delivery is held meanwhile, and others of the repository wait: what takes longer than the database does is only asked for here.
 */
export type ApplyPreviewEvent = (request: PreviewRequest) => Promise<readonly DeliveryOutcome[]>;

type Happened = Pick<PreviewRequest, 'project' | 'event'>;

/** Opens, updates and closes previews as the repository's events ask for it. The same event again changes nothing. */
export async function applyPreviewEvent(
  dependencies: PreviewDependencies,
  happened: Happened,
): Promise<readonly DeliveryOutcome[]> {
  const { event } = happened;
  if (event.kind === 'push' && event.skipPhrase !== null)
    return [nothing('skip-phrase', `the message of the commit says ${event.skipPhrase}`)];
  const wish = wishOf(event);
  if (wish.kind === 'close') return close(dependencies, happened, wish);
  const opening = await openingFor(dependencies, happened, wish.opening);
  if ('code' in opening) return [opening];
  return [outcomeOf(await openPreview(dependencies, happened.project, opening))];
}

async function close(
  dependencies: PreviewDependencies,
  { project, event }: Happened,
  { subjects, reason }: Extract<PreviewWish, { kind: 'close' }>,
): Promise<readonly DeliveryOutcome[]> {
  const all = [...subjects, ...(await onDeletedBranch(dependencies, project, event))];
  const closed = await closePreviews(dependencies, project.id, all, { reason, finished: true });
  if (closed.length > 0)
    return closed.map((preview) => ({ ...about(preview), result: 'preview', code: 'preview-closed', reason }));
  return [nothing(event.kind === 'branch-deleted' ? 'branch-deleted' : 'no-preview', `${reason}; it had no preview`)];
}

/** A pull request whose branch is deleted has nothing to show any more, also where the provider leaves it open. */
async function onDeletedBranch(
  { previews }: PreviewDependencies,
  { id }: Project,
  event: PreviewEvent,
): Promise<readonly PreviewSubject[]> {
  if (event.kind !== 'branch-deleted') return [];
  const open = await previews.list(id, false);
  return open.filter((preview) => showsBranch(preview, event.branch)).map(({ subject }) => subject);
}

/** What is to be opened, or why nothing is. A push to a branch whose pull request has a preview is one to that. */
async function openingFor(
  { previews, configuration }: PreviewDependencies,
  { project }: Happened,
  opening: PreviewOpening,
): Promise<PreviewOpening | DeliveryOutcome> {
  const settings = await previews.settings(project.id);
  const { subject, branch } = opening;
  if (subject.kind === 'pull-request') return allowed(settings, opening);
  const environments = await configuration.environments.list(project.id);
  const deploys = environments.find(({ kind, settings: own }) => kind !== 'preview' && own.branch === branch);
  if (deploys !== undefined)
    return nothing('environment-has-branch', `the environment "${deploys.name}" deploys the branch ${branch}`);
  const shown = (await previews.list(project.id, false)).find((one) => one.open && showsBranch(one, branch));
  if (shown === undefined) return allowed(settings, opening);
  const { title, link } = shown;
  return { ...opening, subject: shown.subject, title, link, again: false };
}

function showsBranch({ subject, branch, fromFork }: Preview, wanted: string): boolean {
  return subject.kind === 'pull-request' && !fromFork && branch === wanted;
}

function allowed({ pullRequests, branches }: PreviewSettings, opening: PreviewOpening) {
  if (opening.subject.kind === 'pull-request')
    return pullRequests ? opening : nothing('previews-off', 'previews of pull requests are switched off');
  const reason = `no environment has the branch "${opening.branch}", and previews of branches are switched off`;
  return branches ? opening : nothing('no-environment', reason);
}

function outcomeOf({ preview, effect }: Opened): DeliveryOutcome {
  const { name, commit, subject, deployment } = preview;
  const what = describeSubject(subject);
  const told = about(preview);
  if (effect === 'stale')
    return { ...told, result: 'not-deployed', code: 'preview-stale', reason: `${what} was closed since` };
  if (needsApproval(preview)) {
    const reason = `${what} comes from a fork: ${commit} waits for approval (cutover previews approve ${name})`;
    return { ...told, result: 'preview', code: 'preview-needs-approval', reason };
  }
  if (previewState(preview) === 'waiting') {
    const reason = `${what} waits: the project has as many previews as it may, or the one before is being taken down`;
    return { ...told, result: 'preview', code: 'preview-waits', reason };
  }
  const number = deployment?.number ?? null;
  if (effect === 'none')
    return { ...told, result: 'preview', code: 'preview-unchanged', reason: `${name} shows ${commit} already` };
  const code = effect === 'opened' ? 'preview-opened' : 'preview-updated';
  const reason = `${effect === 'opened' ? 'opened' : 'updated'} the preview ${name}: #${number}`;
  return { ...told, result: 'preview', deployment: number, code, reason };
}

function about({ name }: Preview) {
  return { environment: name, deployment: null };
}

function nothing(code: string, reason: string): DeliveryOutcome {
  return { environment: null, result: 'not-deployed', deployment: null, code, reason };
}
