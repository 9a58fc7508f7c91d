import { CutoverError } from '../../domain/errors.ts';
import { expiresAt, previewState, type Preview, type PreviewOpening } from '../../domain/preview.ts';
import { previewNames } from '../../domain/preview-name.ts';
import { previewSettingsProblem, type PreviewSettings } from '../../domain/preview-settings.ts';
import type { Project } from '../../domain/project.ts';
import { checkPassword, passwordVerifier } from '../previews/visitor-password.ts';
import type { PreviewKeeper } from '../previews/preview-keeper.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { Closing, Opened, PreviewStore } from '../ports/preview-store.ts';
import type { Random } from '../ports/random.ts';
import type {
  NewPreview,
  PreviewCommands,
  PreviewSettingsChange,
  PreviewSettingsView,
  PreviewView,
} from './preview-commands.ts';
import { checkCommit } from './deployments-trigger.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { repositoryOf } from './record-git-deployment.ts';
import { storable } from './storable.ts';

export interface PreviewDependencies {
  readonly configuration: ConfigurationStore;
  readonly previews: PreviewStore;
  readonly keeper: Pick<PreviewKeeper, 'advance' | 'wake'>;
  readonly random: Random;
  readonly urlOf: (host: string) => string;
  /** Throws `ref_invalid`. */
  readonly checkBranch: (branch: string) => void;
  /** An environment is to be taken down. */
  readonly wakeReconciler: () => void;
}

export function previewCommands(dependencies: PreviewDependencies): PreviewCommands {
  const { configuration, previews } = dependencies;
  const projectOf = async (name: string) => (await configuration.projects.find(name)) ?? noProject(name);
  const find = async (project: string, name: string) =>
    (await previews.find((await projectOf(project)).id, name)) ?? noPreview(project, name);
  const view = (preview: Preview) => viewOf(dependencies, preview);
  return {
    async list(actor, project, closed) {
      requireAccess(actor, 'read', project);
      const list = await previews.list((await projectOf(project)).id, closed);
      return Promise.all(list.map(view));
    },
    async get(actor, project, name) {
      requireAccess(actor, 'read', project);
      return view(await find(project, name));
    },
    async open(actor, project, input) {
      requireAccess(actor, 'deploy', project);
      const { preview } = await openPreview(dependencies, await projectOf(project), openingOf(dependencies, input));
      return view(preview);
    },
    async close(actor, project, name) {
      requireAccess(actor, 'deploy', project);
      const preview = await find(project, name);
      await closePreviews(dependencies, preview.projectId, [preview.subject], {
        reason: `closed by ${actor.name}`,
        finished: false,
      });
      return view(await find(project, name));
    },
    async approve(actor, project, name, commit) {
      requireAccess(actor, 'deploy', project);
      const preview = await find(project, name);
      const approved = await previews.approve(preview.id, commit, actor.name);
      if (approved === null) throw changed(preview, commit);
      return view(await advanced(dependencies, approved));
    },
    async settings(actor, project) {
      requireAccess(actor, 'read', project);
      const { id } = await projectOf(project);
      return shownSettings(dependencies, id, await previews.settings(id));
    },
    async updateSettings(actor, project, change) {
      requireAccess(actor, 'configure', project);
      return updateSettings(dependencies, await projectOf(project), change);
    },
  };
}

/** Records it, then does at once what can be done at once. Errors: `not_found`, `host_taken`, `repository_missing`. */
export async function openPreview(
  dependencies: PreviewDependencies,
  project: Project,
  opening: PreviewOpening,
): Promise<Opened> {
  const { previews, random } = dependencies;
  const names = previewNames(opening.subject, project.name);
  const opened = await previews.open(
    { id: project.id, repository: repositoryOf(project) },
    { ...opening, ...shownOf(opening), id: random.id(), names },
  );
  if (opened === null) {
    if ((await dependencies.configuration.projects.find(project.name)) === null) noProject(project.name);
    throw new CutoverError('host_taken', `${names.join(' and ')} are names of other environments of ${project.name}`);
  }
  if (opened.effect === 'stale') return opened;
  return { ...opened, preview: await advanced(dependencies, opened.preview) };
}

const longestTitle = 200;
const longestLink = 2_000;

/** Of what anybody may write, as much as people are to be shown; an address that is none of a page leads nowhere. */
function shownOf({ title, link }: PreviewOpening): Pick<PreviewOpening, 'title' | 'link'> {
  const isPage = link !== null && link.length <= longestLink && /^https?:\/\/[^\s\p{Cc}]+$/u.test(link);
  const line = title === null ? null : storable(title.split('\n', 1)[0] ?? '').slice(0, longestTitle);
  return { title: line, link: isPage ? link : null };
}

/** What was closed by this. */
export async function closePreviews(
  { previews, keeper, wakeReconciler }: PreviewDependencies,
  projectId: string,
  subjects: readonly Preview['subject'][],
  closing: Closing,
): Promise<readonly Preview[]> {
  const closed = await previews.close(projectId, subjects, closing);
  wakeReconciler();
  keeper.wake();
  return closed;
}

async function advanced({ previews, keeper }: PreviewDependencies, preview: Preview): Promise<Preview> {
  await keeper.advance(preview.id);
  return (await previews.byId(preview.id)) ?? preview;
}

function openingOf({ checkBranch }: PreviewDependencies, input: NewPreview): PreviewOpening {
  const { pullRequest, branch, commit, title = null, link = null, fromFork = false } = input;
  checkBranch(branch);
  checkCommit(commit);
  if (fromFork && commit === undefined)
    throw new CutoverError('invalid_input', 'commit: what comes from a fork is shown and approved by its commit');
  return {
    subject: pullRequest === undefined ? { kind: 'branch', branch } : { kind: 'pull-request', number: pullRequest },
    branch,
    commit: commit ?? null,
    title,
    link,
    fromFork,
    again: true,
  };
}

async function updateSettings(
  dependencies: PreviewDependencies,
  project: Project,
  { password, ...change }: PreviewSettingsChange,
): Promise<PreviewSettingsView> {
  const { previews, keeper, wakeReconciler } = dependencies;
  if (typeof password === 'string') checkPassword(password);
  const settings = await previews.updateSettings(project.id, (current) => checked({ ...current, ...change }));
  if (settings === null) noProject(project.name);
  if (password !== undefined)
    await previews.setPassword(project.id, password === null ? null : passwordVerifier(password));
  keeper.wake();
  wakeReconciler();
  return shownSettings(dependencies, project.id, settings);
}

function checked(settings: PreviewSettings): PreviewSettings {
  const problem = previewSettingsProblem(settings);
  if (problem !== null) throw new CutoverError('invalid_input', problem);
  return settings;
}

async function shownSettings(
  { previews }: PreviewDependencies,
  projectId: string,
  settings: PreviewSettings,
): Promise<PreviewSettingsView> {
  return { ...settings, password: (await previews.password(projectId)) !== null };
}

async function viewOf({ previews, urlOf }: PreviewDependencies, preview: Preview): Promise<PreviewView> {
  const { ttlMs } = await previews.settings(preview.projectId);
  const [host] = preview.hosts;
  return {
    ...preview,
    state: previewState(preview),
    address: host === undefined ? null : urlOf(host),
    expiresAt: preview.open ? expiresAt(preview, ttlMs) : null,
    deploymentUrls: preview.deploymentHosts.map(({ number, host: own }) => ({ number, url: urlOf(own) })),
  };
}

function changed({ name, commit, open }: Preview, wanted: string): CutoverError {
  const now = open ? `its newest commit is ${commit}` : 'it is closed';
  return new CutoverError('preview_changed', `${wanted} of the preview "${name}" cannot be approved: ${now}`);
}

function noPreview(project: string, name: string): never {
  throw new CutoverError('not_found', `the project "${project}" has no preview "${name}"`);
}
