import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { createdTokenSchema, newTokenSchema, tokenListSchema } from '../schemas/token.ts';
import { onInstallation } from './access.ts';

export const tokenEndpoints = {
  create: endpoint({
    method: 'POST',
    path: '/api/tokens',
    summary: 'Create a token; its secret is shown this once',
    access: onInstallation('administer'),
    body: newTokenSchema,
    status: 201,
    response: createdTokenSchema,
    errors: ['not_found', 'already_exists'],
  }),
  list: endpoint({
    method: 'GET',
    path: '/api/tokens',
    summary: 'List tokens, without their secrets',
    access: onInstallation('administer'),
    status: 200,
    response: tokenListSchema,
    errors: [],
  }),
  revoke: endpoint({
    method: 'DELETE',
    path: '/api/tokens/{token}',
    summary: 'Revoke a token',
    access: onInstallation('administer'),
    params: z.strictObject({ token: z.string().min(1).max(64) }),
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
