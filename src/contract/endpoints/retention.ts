import { endpoint } from '../endpoint.ts';
import {
  retentionChangeSchema,
  retentionPlanSchema,
  retentionQuerySchema,
  retentionRunRequestSchema,
  retentionRunSchema,
  retentionSettingsSchema,
} from '../schemas/retention.ts';
import { onInstallation } from './access.ts';

export const retentionEndpoints = {
  settings: endpoint({
    method: 'GET',
    path: '/api/retention/settings',
    summary: 'Show what is kept of what was deployed, and for how long',
    access: onInstallation('read'),
    status: 200,
    response: retentionSettingsSchema,
    errors: [],
  }),
  update: endpoint({
    method: 'PATCH',
    path: '/api/retention/settings',
    summary: 'Change what is kept',
    access: onInstallation('administer'),
    body: retentionChangeSchema,
    status: 200,
    response: retentionSettingsSchema,
    errors: [],
  }),
  plan: endpoint({
    method: 'GET',
    path: '/api/retention/plan',
    summary: 'Tell what would be removed now and what would be kept, and why',
    access: onInstallation('administer'),
    query: retentionQuerySchema,
    status: 200,
    response: retentionPlanSchema,
    errors: ['runtime_unavailable'],
  }),
  run: endpoint({
    method: 'POST',
    path: '/api/retention/run',
    summary: 'Remove what is not kept, for half a minute at most',
    access: onInstallation('administer'),
    body: retentionRunRequestSchema,
    status: 200,
    response: retentionRunSchema,
    errors: ['runtime_unavailable'],
  }),
} as const;
