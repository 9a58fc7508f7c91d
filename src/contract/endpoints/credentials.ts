import { endpoint } from '../endpoint.ts';
import { credentialAnswerSchema, credentialSchema, newCredentialSchema } from '../schemas/credential.ts';
import { onProject, projectParams } from './access.ts';

/** What the Git server is shown for a private repository: written, and never read again. */
export const credentialEndpoints = {
  get: endpoint({
    method: 'GET',
    path: '/api/projects/{project}/credential',
    summary: 'Tell which credential of the repository is set, without its value',
    access: onProject('configure'),
    params: projectParams,
    status: 200,
    response: credentialAnswerSchema,
    errors: ['not_found'],
  }),
  set: endpoint({
    method: 'PUT',
    path: '/api/projects/{project}/credential',
    summary:
      "Set a token or a deploy key for the project's repository, in place of what was set; for its present server only",
    access: onProject('configure'),
    params: projectParams,
    body: newCredentialSchema,
    status: 200,
    response: credentialSchema,
    errors: ['not_found', 'repository_refused'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/api/projects/{project}/credential',
    summary: 'Remove the credential of the repository',
    access: onProject('configure'),
    params: projectParams,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
  forgetHostKeys: endpoint({
    method: 'DELETE',
    path: '/api/projects/{project}/host-keys',
    summary: 'Forget the host keys of ssh servers that the project has read from; the next answer is believed',
    access: onProject('configure'),
    params: projectParams,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
