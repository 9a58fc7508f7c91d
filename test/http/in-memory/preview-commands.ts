import { randomUUID } from 'node:crypto';
import { CutoverError } from '../../../src/domain/errors.ts';
import { previewNames } from '../../../src/domain/preview-name.ts';
import { needsApproval, previewState, type Preview } from '../../../src/domain/preview.ts';
import { defaultPreviewSettings, previewSettingsProblem } from '../../../src/domain/preview-settings.ts';
import type {
  NewPreview,
  PreviewCommands,
  PreviewSettingsView,
  PreviewView,
} from '../../../src/engine/commands/preview-commands.ts';
import type { HeldProject, Platform } from './platform.ts';

/** Previews in memory, without what is built for them. */
export function previewCommands(platform: Platform): PreviewCommands {
  const held = new Map<string, Preview>();
  const settings = new Map<string, PreviewSettingsView>();
  const settingsOf = (project: string) => settings.get(project) ?? { ...defaultPreviewSettings, password: false };
  const find = (project: string, name: string) => {
    const preview = held.get(`${project}/${name}`);
    if (preview === undefined) throw new CutoverError('not_found', `there is no preview "${name}"`);
    return preview;
  };
  const put = (project: string, preview: Preview) => {
    held.set(`${project}/${preview.name}`, preview);
    return view(preview);
  };
  return {
    async list(actor, project, closed) {
      platform.project(actor, project, 'read');
      const all = [...held.values()].filter(({ projectName }) => projectName === project);
      return all.filter(({ open }) => open || closed).map(view);
    },
    async get(actor, project, name) {
      platform.project(actor, project, 'read');
      return view(find(project, name));
    },
    open: async (actor, project, input) => put(project, newPreview(platform.project(actor, project, 'deploy'), input)),
    async close(actor, project, name) {
      platform.project(actor, project, 'deploy');
      return put(project, { ...find(project, name), open: false, closedReason: `closed by ${actor.name}` });
    },
    async approve(actor, project, name, commit) {
      platform.project(actor, project, 'deploy');
      const preview = find(project, name);
      if (preview.commit !== commit) throw new CutoverError('preview_changed', 'something was pushed since');
      return put(project, { ...preview, approvedCommit: commit, approvedBy: actor.name });
    },
    async settings(actor, project) {
      platform.project(actor, project, 'read');
      return settingsOf(project);
    },
    async updateSettings(actor, project, { password, ...change }) {
      platform.project(actor, project, 'configure');
      const before = settingsOf(project);
      const after = { ...before, ...change, password: password === undefined ? before.password : password !== null };
      const problem = previewSettingsProblem(after);
      if (problem !== null) throw new CutoverError('invalid_input', problem);
      settings.set(project, after);
      return after;
    },
  };
}

function newPreview({ project }: HeldProject, input: NewPreview): Preview {
  const { pullRequest, branch, commit = null, title = null, link = null, fromFork = false } = input;
  const subject =
    pullRequest === undefined
      ? ({ kind: 'branch', branch } as const)
      : ({ kind: 'pull-request', number: pullRequest } as const);
  const [name = branch] = previewNames(subject, project.name);
  const preview: Preview = {
    id: randomUUID(),
    projectId: project.id,
    projectName: project.name,
    repository: project.repository ?? '',
    subject,
    name,
    branch,
    commit,
    title,
    link,
    fromFork,
    approvedCommit: null,
    approvedBy: null,
    open: true,
    finished: false,
    closedReason: null,
    revision: 1,
    deployedRevision: 0,
    environmentId: null,
    hosts: [],
    asleepSince: null,
    deployment: null,
    deploymentHosts: [],
    pushedAt: new Date().toISOString(),
    createdAt: new Date().toISOString(),
  };
  return needsApproval(preview) ? preview : { ...preview, ...placed(name, project.name) };
}

function placed(name: string, project: string): Partial<Preview> {
  const deployment = { id: randomUUID(), number: 1, state: 'pending', reason: null };
  return { deployedRevision: 1, environmentId: randomUUID(), hosts: [`${name}-${project}.localhost`], deployment };
}

function view(preview: Preview): PreviewView {
  const [host] = preview.hosts;
  const address = host === undefined ? null : `http://${host}:8080`;
  return { ...preview, state: previewState(preview), address, expiresAt: null, deploymentUrls: [] };
}
