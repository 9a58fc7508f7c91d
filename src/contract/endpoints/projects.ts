import { endpoint } from '../endpoint.ts';
import { newProjectSchema, projectChangeSchema, projectListSchema, projectSchema } from '../schemas/project.ts';
import { anyToken, onInstallation, onProject, projectParams } from './access.ts';

export const projectEndpoints = {
  create: endpoint({
    method: 'POST',
    path: '/api/projects',
    summary: 'Create a project and its environment `production`',
    access: onInstallation('configure'),
    body: newProjectSchema,
    status: 201,
    response: projectSchema,
    errors: ['already_exists', 'host_taken', 'repository_refused', 'ref_invalid'],
  }),
  list: endpoint({
    method: 'GET',
    path: '/api/projects',
    summary: 'List the projects the token may see',
    access: anyToken,
    status: 200,
    response: projectListSchema,
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/api/projects/{project}',
    summary: 'Show a project',
    access: onProject('read'),
    params: projectParams,
    status: 200,
    response: projectSchema,
    errors: ['not_found'],
  }),
  update: endpoint({
    method: 'PATCH',
    path: '/api/projects/{project}',
    summary: 'Change the repository or the build settings; takes effect with the next deployment',
    access: onProject('configure'),
    params: projectParams,
    body: projectChangeSchema,
    status: 200,
    response: projectSchema,
    errors: ['not_found', 'repository_refused'],
  }),
  delete: endpoint({
    method: 'DELETE',
    path: '/api/projects/{project}',
    summary: 'Stop everything the project has and remove it',
    access: onProject('configure'),
    params: projectParams,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
