import { endpoint } from '../endpoint.ts';
import {
  environmentChangeSchema,
  environmentListSchema,
  environmentSchema,
  newEnvironmentSchema,
} from '../schemas/environment.ts';
import { environmentParams, onProject, projectParams } from './access.ts';

const collection = '/api/projects/{project}/environments';
const one = `${collection}/{environment}` as const;

export const environmentEndpoints = {
  create: endpoint({
    method: 'POST',
    path: collection,
    summary: 'Create an environment',
    access: onProject('configure'),
    params: projectParams,
    body: newEnvironmentSchema,
    status: 201,
    response: environmentSchema,
    errors: ['not_found', 'already_exists', 'host_taken', 'ref_invalid'],
  }),
  list: endpoint({
    method: 'GET',
    path: collection,
    summary: 'List the environments of a project',
    access: onProject('read'),
    params: projectParams,
    status: 200,
    response: environmentListSchema,
    errors: ['not_found'],
  }),
  get: endpoint({
    method: 'GET',
    path: one,
    summary: 'Show an environment',
    access: onProject('read'),
    params: environmentParams,
    status: 200,
    response: environmentSchema,
    errors: ['not_found'],
  }),
  update: endpoint({
    method: 'PATCH',
    path: one,
    summary: 'Change settings; takes effect with the next deployment',
    access: onProject('configure'),
    params: environmentParams,
    body: environmentChangeSchema,
    status: 200,
    response: environmentSchema,
    errors: ['not_found', 'ref_invalid'],
  }),
  resumeAutoDeploy: endpoint({
    method: 'POST',
    path: `${one}/resume-auto-deploy`,
    summary: 'Let deployments begin by themselves again after a rollback',
    access: onProject('deploy'),
    params: environmentParams,
    status: 200,
    response: environmentSchema,
    errors: ['not_found'],
  }),
  delete: endpoint({
    method: 'DELETE',
    path: one,
    summary: 'Stop what serves in the environment and remove it',
    access: onProject('configure'),
    params: environmentParams,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
