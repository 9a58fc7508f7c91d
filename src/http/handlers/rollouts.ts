import type { DeploymentCommands, RolloutStatus } from '../../engine/commands/commands.ts';
import { events, json, type StreamEvent } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { recorded } from '../recorded.ts';
import { wirePlan, wireRollout } from '../wire/rollout.ts';

export function rolloutHandlers(deployments: DeploymentCommands): HandlerGroup<'rollouts'> {
  return {
    plan: async ({ actor, params }) =>
      json(wirePlan(await deployments.plan(actor, params.project, params.environment))),
    show: async ({ actor, params: { project, environment }, streams, lastEventId, signal }) => {
      if (!streams) return json(wireRollout(await deployments.rollout(actor, project, environment)));
      return events(counted(deployments.watchRollout(actor, project, environment, signal), lastEventId ?? 0));
    },
    rollback: async ({ actor, params, body, idempotencyKey }) => {
      const key = idempotencyKey === null ? {} : { idempotencyKey };
      const input = { environment: params.environment, ...body, ...key };
      return recorded(await deployments.rollback(actor, params.project, input));
    },
    promote: async ({ actor, params, body, idempotencyKey }) => {
      const key = idempotencyKey === null ? {} : { idempotencyKey };
      const input = { from: body.from, to: params.environment, ...key };
      return recorded(await deployments.promote(actor, params.project, input));
    },
  };
}

/** Each event is the whole status, so its id only has to rise: whoever comes back is given what is so now. */
async function* counted(source: AsyncIterable<RolloutStatus>, last: number): AsyncGenerator<StreamEvent<WireStatus>> {
  let id = last;
  for await (const status of source) {
    id += 1;
    yield { id, data: wireRollout(status) };
  }
}

type WireStatus = ReturnType<typeof wireRollout>;
