import { isRolledOut, transition, type DeploymentEvent } from '../../../src/domain/deployment-state.ts';
import { CutoverError } from '../../../src/domain/errors.ts';
import { planRollout } from '../../../src/domain/rollout-plan.ts';
import type { Actor } from '../../../src/domain/roles.ts';
import type { DeploymentCommands, NewRollback } from '../../../src/engine/commands/commands.ts';
import { newDeployment } from './new-deployment.ts';
import type { HeldDeployment, HeldProject, Platform } from './platform.ts';

type RolloutCommands = Pick<
  DeploymentCommands,
  'pause' | 'resume' | 'rollback' | 'promote' | 'plan' | 'rollout' | 'watchRollout'
>;

export function rolloutCommands(platform: Platform): RolloutCommands {
  return {
    ...pauses(platform),
    async rollback(actor, project, { idempotencyKey, ...input }) {
      const held = platform.project(actor, project, 'deploy');
      const environment = platform.environment(held, input.environment);
      const rollout = held.deployments.find(({ deployment }) => isRolledOut(deployment));
      const serving = platform.serving(held, input.environment);
      if (rollout !== undefined && input.to === serving?.deployment.number) {
        platform.rollbacks.push(input);
        const reason = `rolled back to #${input.to} by ${actor.name}`;
        platform.move(rollout, 'failed', { failure: { code: 'rolled_back', message: reason }, reason });
        rollout.timeline.close();
        return { deployment: rollout.deployment, replayed: false };
      }
      return platform.once(idempotencyKey, { project, ...input }, () => {
        const target = findTarget(held, input);
        const { id, number, artifact } = target.deployment;
        const from = platform.serving(held, input.environment)?.deployment;
        platform.rollbacks.push(input);
        const autoDeployHeld = `rolled back to #${number} by ${actor.name}`;
        held.environments.set(environment.name, { ...environment, autoDeployHeld });
        return newDeployment(held, {
          environment,
          actor,
          artifact,
          origin: {
            kind: 'rollback',
            deploymentId: id,
            number,
            automatic: false,
            from: from === undefined ? null : { deploymentId: from.id, number: from.number },
            currentVariables: input.currentEnv ?? false,
            reason: null,
          },
        });
      });
    },
    async promote(actor, project, { idempotencyKey, ...input }) {
      const held = platform.project(actor, project, 'deploy');
      const environment = platform.environment(held, input.to);
      platform.environment(held, input.from);
      return platform.once(idempotencyKey, { project, ...input }, () => {
        const serving = platform.serving(held, input.from)?.deployment;
        if (serving === undefined) throw new CutoverError('not_found', `nothing serves in "${input.from}"`);
        const { id, number, artifact } = serving;
        const origin = { kind: 'promote', deploymentId: id, number, environment: input.from } as const;
        return newDeployment(held, { environment, actor, artifact, origin });
      });
    },
    async plan(actor, project, name) {
      const held = platform.project(actor, project, 'follow');
      const { settings } = platform.environment(held, name);
      const before = platform.serving(held, name)?.deployment.configuration.settings ?? null;
      return planRollout(settings, { before, target: null });
    },
    async rollout(actor, project, name) {
      const latest = feedOf(platform, actor, { project, name }).items.at(-1);
      if (latest === undefined) throw new Error('the test has told no rollout');
      return latest;
    },
    // oxlint-disable-next-line eslint/max-params -- the interface's own
    async *watchRollout(actor, project, name, signal) {
      yield* feedOf(platform, actor, { project, name }).read(() => true, true, signal);
    },
  };
}

function feedOf(platform: Platform, actor: Actor, of: { readonly project: string; readonly name: string }) {
  platform.environment(platform.project(actor, of.project, 'read'), of.name);
  return platform.rollout;
}

function pauses(platform: Platform): Pick<RolloutCommands, 'pause' | 'resume'> {
  return {
    async pause(actor, project, number) {
      const held = platform.deployment(actor, project, number);
      platform.project(actor, project, 'deploy');
      const { state } = held.deployment;
      const paused = change(held, { type: 'paused' });
      const pausedFrom = state === 'deploying' || state === 'ready' ? state : 'completed';
      platform.move(held, paused, { pausedFrom, reason: `paused by ${actor.name}` });
      return held.deployment;
    },
    async resume(actor, project, number) {
      const held = platform.deployment(actor, project, number);
      platform.project(actor, project, 'deploy');
      const to = held.deployment.pausedFrom ?? 'completed';
      platform.move(held, change(held, { type: 'resumed', to }), { pausedFrom: null, reason: null });
      return held.deployment;
    },
  };
}

function change(held: HeldDeployment, event: DeploymentEvent): HeldDeployment['deployment']['state'] {
  const result = transition(held.deployment.state, event);
  if (!result.ok) throw new CutoverError('illegal_transition', result.message);
  return result.state;
}

function findTarget(held: HeldProject, { environment, to }: NewRollback): HeldDeployment {
  const earlier = held.deployments.filter(({ deployment }) => deployment.environmentName === environment).slice(0, -1);
  const target =
    to === undefined
      ? earlier.findLast(({ deployment }) => deployment.completedAt !== null)
      : held.deployments.find(({ deployment }) => deployment.number === to);
  if (target === undefined) throw new CutoverError('rollback_target_missing', `nothing served ${environment} before`);
  if (target.deployment.completedAt === null) {
    throw new CutoverError('rollback_never_served', `#${target.deployment.number} was never completed`);
  }
  return target;
}
