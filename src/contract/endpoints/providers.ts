import { endpoint } from '../endpoint.ts';
import { newProviderSchema, providerAnswerSchema, providerChangeSchema, providerSchema } from '../schemas/provider.ts';
import { onProject, projectParams } from './access.ts';

const path = '/api/projects/{project}/provider';

/** Whose API is told of the previews and deployments of a project, and asked for its pull requests. */
export const providerEndpoints = {
  get: endpoint({
    method: 'GET',
    path,
    summary: 'Tell which provider is told of previews, without its token',
    access: onProject('configure'),
    params: projectParams,
    status: 200,
    response: providerAnswerSchema,
    errors: ['not_found'],
  }),
  set: endpoint({
    method: 'PUT',
    path,
    summary: 'Set the token for the API of the provider that keeps the repository, in place of what was set',
    access: onProject('configure'),
    params: projectParams,
    body: newProviderSchema,
    status: 200,
    response: providerSchema,
    errors: ['not_found'],
  }),
  update: endpoint({
    method: 'PATCH',
    path,
    summary: 'Say whether the provider is told of deployments that are no previews',
    access: onProject('configure'),
    params: projectParams,
    body: providerChangeSchema,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path,
    summary: 'Forget the provider, and what it was still to be told',
    access: onProject('configure'),
    params: projectParams,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
