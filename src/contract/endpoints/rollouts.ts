import { endpoint } from '../endpoint.ts';
import { deploymentSchema } from '../schemas/deployment.ts';
import { newPromotionSchema, newRollbackSchema, rolloutPlanSchema, rolloutStatusSchema } from '../schemas/rollout.ts';
import { environmentParams, onProject } from './access.ts';

const environment = '/api/projects/{project}/environments/{environment}';

export const rolloutEndpoints = {
  plan: endpoint({
    method: 'GET',
    path: `${environment}/plan`,
    summary: 'Tell what a deployment to the environment would do, as things are now',
    access: onProject('follow'),
    params: environmentParams,
    status: 200,
    response: rolloutPlanSchema,
    errors: ['not_found'],
  }),
  show: endpoint({
    method: 'GET',
    path: `${environment}/rollout`,
    summary: 'Show or watch where the traffic goes and how the versions do; every event is the whole of it',
    access: onProject('read'),
    params: environmentParams,
    status: 200,
    response: rolloutStatusSchema,
    event: rolloutStatusSchema,
    errors: ['not_found'],
  }),
  rollback: endpoint({
    method: 'POST',
    path: `${environment}/rollback`,
    summary:
      'Go back to an earlier deployment without a build; holds auto-deploy of the environment. Answers with the deployment that goes back, or with the one that is being rolled out where that is taken back',
    access: onProject('deploy'),
    params: environmentParams,
    body: newRollbackSchema,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: [
      'not_found',
      'rollback_target_missing',
      'rollback_never_served',
      'rollback_behind_contract',
      'artifact_gone',
      'illegal_transition',
      'idempotency_mismatch',
    ],
  }),
  promote: endpoint({
    method: 'POST',
    path: `${environment}/promote`,
    summary: 'Deploy to the environment what serves in another one, without a build',
    access: onProject('deploy'),
    params: environmentParams,
    body: newPromotionSchema,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: ['not_found', 'artifact_gone', 'idempotency_mismatch'],
  }),
} as const;
