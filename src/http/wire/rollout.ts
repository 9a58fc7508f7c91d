import type { WireRolloutPlan, WireRolloutSide, WireRolloutStatus } from '../../contract/schemas/rollout.ts';
import type { RolloutPlan } from '../../domain/rollout-plan.ts';
import type { RolloutSide, RolloutStatus } from '../../engine/commands/commands.ts';
import { wireDeployment, wireInstance } from './deployment.ts';

export function wirePlan({ strategy, explanation }: RolloutPlan): WireRolloutPlan {
  return { strategy, explanation: [...explanation] };
}

export function wireRollout(status: RolloutStatus): WireRolloutStatus {
  const { environment, fresh, old, mode, observation, autoDeployHeld } = status;
  return { environment, fresh: wireSide(fresh), old: wireSide(old), mode, observation, autoDeployHeld };
}

function wireSide(side: RolloutSide | null): WireRolloutSide | null {
  if (side === null) return null;
  const { deployment, instances, share, connections } = side;
  return { deployment: wireDeployment(deployment), instances: instances.map(wireInstance), share, connections };
}
