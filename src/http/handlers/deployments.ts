import type { DeploymentCommands, NewDeployment } from '../../engine/commands/commands.ts';
import { events, json } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { recorded } from '../recorded.ts';
import { readLogPage } from '../stream/log-page.ts';
import { collect, mapAsync } from '../stream/map-async.ts';
import { wireDeployment, wireDetail, wireLogLine, wireTimelineEntry } from '../wire/deployment.ts';

export function deploymentHandlers(deployments: DeploymentCommands): HandlerGroup<'deployments'> {
  return {
    ...changes(deployments),
    ...streams(deployments),
    list: async ({ actor, params, query }) => {
      const list = await deployments.list(actor, params.project, query);
      const last = list.length === query.limit ? list.at(-1) : undefined;
      return json({ deployments: list.map(wireDeployment), nextBefore: last?.number ?? null });
    },
    get: async ({ actor, params }) => json(wireDetail(await deployments.get(actor, params.project, params.number))),
  };
}

function changes(
  deployments: DeploymentCommands,
): Pick<HandlerGroup<'deployments'>, 'trigger' | 'cancel' | 'pause' | 'resume'> {
  return {
    trigger: async ({ actor, params, body, idempotencyKey }) => {
      const input: NewDeployment = idempotencyKey === null ? body : { ...body, idempotencyKey };
      return recorded(await deployments.trigger(actor, params.project, input));
    },
    cancel: async ({ actor, params }) =>
      json(wireDeployment(await deployments.cancel(actor, params.project, params.number))),
    pause: async ({ actor, params }) =>
      json(wireDeployment(await deployments.pause(actor, params.project, params.number))),
    resume: async ({ actor, params }) =>
      json(wireDeployment(await deployments.resume(actor, params.project, params.number))),
  };
}

function streams(deployments: DeploymentCommands): Pick<HandlerGroup<'deployments'>, 'timeline' | 'log'> {
  return {
    timeline: async ({ actor, params, query, streams: live, lastEventId, signal }) => {
      const options = { after: lastEventId ?? query.after, follow: live && query.follow };
      const entries = deployments.timeline(actor, params.project, params.number, options, signal);
      if (live) return events(mapAsync(entries, (entry) => ({ id: entry.id, data: wireTimelineEntry(entry) })));
      return json({ entries: await collect(mapAsync(entries, wireTimelineEntry)) });
    },
    log: async ({ actor, params, query, streams: live, lastEventId, signal }) => {
      const options = { offset: lastEventId ?? query.offset, follow: live && query.follow };
      const lines = deployments.log(actor, { ...params, ...options }, signal);
      if (live) return events(mapAsync(lines, (line) => ({ id: line.next, data: wireLogLine(line) })));
      return json(await readLogPage(lines, options.offset, query.limit));
    },
  };
}
