import { needsApproval, onceKeyOfPreview, type Preview } from '../../domain/preview.ts';
import { environmentHost } from '../../domain/hosts.ts';
import { previewNames } from '../../domain/preview-name.ts';
import type { Project } from '../../domain/project.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { DeploymentQueries } from '../ports/deployment-store.ts';
import type { Placed, PreviewStore } from '../ports/preview-store.ts';
import { recordGitDeployment, type RecordingDependencies } from '../commands/record-git-deployment.ts';
import { deployOnceMore } from './deployment-url.ts';
import { previewEnvironment } from './preview-environment.ts';

export interface AdvanceDependencies extends RecordingDependencies {
  readonly queries: Pick<DeploymentQueries, 'byNumber'>;
  readonly configuration: ConfigurationStore;
  readonly previews: PreviewStore;
  /** Environments get hosts under it. */
  readonly baseDomain: string;
}

/**
 * Brings a preview a step nearer to what was asked for: its environment, then a deployment of its newest commit. Everything is recorded
 * already, so that whoever comes after a crash, or at the same time, finds what was done and does the rest; nothing is done twice.
 * What cannot be done yet (there are too many, it is not approved, the one before is being taken down) is left for the next time.
 */
export async function advancePreview(dependencies: AdvanceDependencies, previewId: string): Promise<void> {
  const preview = await dependencies.previews.byId(previewId);
  if (preview === null || !preview.open || needsApproval(preview)) return;
  const project = await dependencies.configuration.projects.find(preview.projectName);
  if (project === null) return;
  if ((await place(dependencies, project, preview)) !== 'placed') return;
  const placed = await dependencies.previews.byId(previewId);
  if (placed !== null && placed.deployedRevision < placed.revision) await deploy(dependencies, project, placed);
}

async function place(
  { configuration, previews, random, baseDomain }: AdvanceDependencies,
  project: Project,
  preview: Preview,
): Promise<Placed> {
  const settings = await previews.settings(project.id);
  const production = await configuration.environments.find(project.id, 'production');
  return previews.place(preview.id, {
    environmentId: random.id(),
    settings: previewEnvironment(preview.branch, production?.settings ?? null, settings),
    limit: preview.subject.kind === 'deployment' ? Infinity : settings.limit,
    hostOf: (name) => environmentHost(project.name, name, baseDomain),
    names: previewNames(preview.subject, project.name),
  });
}

/** The key of the push makes sure of one deployment for it, whoever else is at it. */
async function deploy(dependencies: AdvanceDependencies, project: Project, preview: Preview): Promise<void> {
  const environment = await dependencies.configuration.environments.find(project.id, preview.name);
  // It is being deleted; that it is gone is found out later.
  if (environment === null || environment.id !== preview.environmentId || needsApproval(preview)) return;
  const trigger = { kind: 'automatic', by: 'cutover', noCache: false } as const;
  const { subject, branch, commit, revision } = preview;
  const onceKey = onceKeyOfPreview(environment.id, revision);
  if (subject.kind === 'deployment') await deployOnceMore(dependencies, { environment, subject, trigger, onceKey });
  else
    await recordGitDeployment(dependencies, {
      project,
      environment,
      branch,
      commit,
      trigger,
      onceKey,
      idempotency: null,
    });
  await dependencies.previews.deployed(preview.id, preview.revision);
}
