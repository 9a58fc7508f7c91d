import { z } from 'zod';
import { deploymentStates } from '../../domain/deployment-state.ts';
import { endpoint } from '../endpoint.ts';
import {
  deploymentDetailSchema,
  deploymentListSchema,
  deploymentSchema,
  newDeploymentSchema,
} from '../schemas/deployment.ts';
import { logLineSchema, logPageSchema } from '../schemas/log.ts';
import { timelineEntrySchema, timelineSchema } from '../schemas/timeline.ts';
import { deploymentParams, logParams, onProject, projectParams } from './access.ts';

const collection = '/api/projects/{project}/deployments';
const one = `${collection}/{number}` as const;

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const follow = z
  .stringbool({ truthy: ['true'], falsy: ['false'] })
  .default(true)
  .meta({ description: 'Streams only: whether to wait for what is still to come.' });

export const deploymentEndpoints = {
  trigger: endpoint({
    method: 'POST',
    path: '/api/projects/{project}/trigger-pipeline',
    summary: 'Deploy; answers with the deployment once it is recorded',
    access: onProject('trigger'),
    params: projectParams,
    body: newDeploymentSchema,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: ['not_found', 'ref_invalid', 'idempotency_mismatch'],
  }),
  list: endpoint({
    method: 'GET',
    path: collection,
    summary: 'List deployments, newest first',
    access: onProject('follow'),
    params: projectParams,
    query: z.strictObject({
      environment: z.string().min(1).max(64).exactOptional(),
      state: z.enum(deploymentStates).exactOptional(),
      before: count(1, 2_147_483_647).exactOptional().meta({ description: 'Only numbers below this one.' }),
      limit: count(1, 200).default(20),
    }),
    status: 200,
    response: deploymentListSchema,
    errors: ['not_found'],
  }),
  get: endpoint({
    method: 'GET',
    path: one,
    summary: 'Show a deployment with its jobs and instances',
    access: onProject('follow'),
    params: deploymentParams,
    status: 200,
    response: deploymentDetailSchema,
    errors: ['not_found'],
  }),
  cancel: endpoint({
    method: 'POST',
    path: `${one}/cancel`,
    summary: 'Cancel a deployment that is pending or running',
    access: onProject('trigger'),
    params: deploymentParams,
    status: 200,
    response: deploymentSchema,
    errors: ['not_found', 'illegal_transition'],
  }),
  pause: endpoint({
    method: 'POST',
    path: `${one}/pause`,
    summary: 'Hold a rollout at its share, or stop what serves, with a page that says so',
    access: onProject('deploy'),
    params: deploymentParams,
    status: 200,
    response: deploymentSchema,
    errors: ['not_found', 'illegal_transition'],
  }),
  resume: endpoint({
    method: 'POST',
    path: `${one}/resume`,
    summary: 'Go on with a deployment that is paused; through the gate again where its instances were stopped',
    access: onProject('deploy'),
    params: deploymentParams,
    status: 200,
    response: deploymentSchema,
    errors: ['not_found', 'illegal_transition'],
  }),
  timeline: endpoint({
    method: 'GET',
    path: `${one}/timeline`,
    summary: 'Read or follow the timeline; the id of an event is the id of its entry',
    access: onProject('follow'),
    params: deploymentParams,
    query: z.strictObject({ after: count(0, Number.MAX_SAFE_INTEGER).default(0), follow }),
    status: 200,
    response: timelineSchema,
    event: timelineEntrySchema,
    errors: ['not_found'],
  }),
  log: endpoint({
    method: 'GET',
    path: `${one}/logs/{log}`,
    summary:
      'Read or follow the log of a job (by type) or instance (by id); the id of an event is the next byte offset',
    access: onProject('follow'),
    params: logParams,
    query: z.strictObject({
      offset: count(0, Number.MAX_SAFE_INTEGER).default(0),
      limit: count(1, 10_000)
        .default(1_000)
        .meta({ description: 'Pages only: at most so many lines, and about 1 MB.' }),
      follow,
    }),
    status: 200,
    response: logPageSchema,
    event: logLineSchema,
    errors: ['not_found'],
  }),
} as const;
