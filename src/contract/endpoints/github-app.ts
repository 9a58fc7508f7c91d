import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { githubAppAnswerSchema, githubAppSchema, newGitHubAppSchema } from '../schemas/github-app.ts';
import { onInstallation } from './access.ts';

const path = '/api/github-app';
const params = z.strictObject({});

/** The GitHub App of the platform, which acts for every project without a token of its own. */
export const githubAppEndpoints = {
  get: endpoint({
    method: 'GET',
    path,
    summary: 'Show the GitHub App of the platform, without its key',
    access: onInstallation('administer'),
    params,
    status: 200,
    response: githubAppAnswerSchema,
    errors: [],
  }),
  set: endpoint({
    method: 'PUT',
    path,
    summary: 'Set the GitHub App of the platform, in place of what was set; GitHub is asked whether it knows it',
    access: onInstallation('administer'),
    params,
    body: newGitHubAppSchema,
    status: 200,
    response: githubAppSchema,
    errors: ['provider_refused', 'provider_unavailable'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path,
    summary: 'Forget the GitHub App, and what it was still to tell',
    access: onInstallation('administer'),
    params,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
