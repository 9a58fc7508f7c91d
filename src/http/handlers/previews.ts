import type { WirePreview, WirePreviewSettings } from '../../contract/schemas/preview.ts';
import type { PreviewCommands, PreviewSettingsView, PreviewView } from '../../engine/commands/preview-commands.ts';
import { json } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';

export function previewHandlers(previews: PreviewCommands): HandlerGroup<'previews'> {
  return {
    list: async ({ actor, params, query }) => {
      const list = await previews.list(actor, params.project, query.closed);
      return json({ previews: list.map(wirePreview) });
    },
    open: async ({ actor, params, body }) => json(wirePreview(await previews.open(actor, params.project, body))),
    get: async ({ actor, params }) => json(wirePreview(await previews.get(actor, params.project, params.preview))),
    close: async ({ actor, params }) => json(wirePreview(await previews.close(actor, params.project, params.preview))),
    approve: async ({ actor, params, body }) =>
      json(wirePreview(await previews.approve(actor, params.project, params.preview, body.commit))),
    settings: async ({ actor, params }) => json(wireSettings(await previews.settings(actor, params.project))),
    updateSettings: async ({ actor, params, body }) =>
      json(wireSettings(await previews.updateSettings(actor, params.project, body))),
  };
}

function wirePreview(preview: PreviewView): WirePreview {
  const { name, state, subject, repository, branch, commit, title, link, fromFork } = preview;
  const { approvedCommit, approvedBy, closedReason, address, deployment, deploymentUrls, asleepSince } = preview;
  const { pushedAt, expiresAt, createdAt } = preview;
  return {
    name,
    state,
    subject,
    repository,
    branch,
    commit,
    title,
    link,
    fromFork,
    approvedCommit,
    approvedBy,
    closedReason,
    address,
    deployment:
      deployment === null ? null : { number: deployment.number, state: deployment.state, reason: deployment.reason },
    deploymentUrls: [...deploymentUrls],
    asleepSince,
    pushedAt,
    expiresAt,
    createdAt,
  };
}

/** Nothing but these: that there is a password, and never what it is known by. */
function wireSettings(settings: PreviewSettingsView): WirePreviewSettings {
  const { pullRequests, branches, limit, ttlMs, sleepAfterMs, noindex } = settings;
  const { deploymentUrls, replicas, cpuCores, memoryMb, password } = settings;
  const limits = { limit, ttlMs, sleepAfterMs, deploymentUrls, replicas, cpuCores, memoryMb };
  return { pullRequests, branches, ...limits, noindex, password };
}
