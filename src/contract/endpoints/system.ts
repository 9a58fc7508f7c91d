import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { invariantReportSchema } from '../schemas/invariants.ts';
import { diskUsageSchema, doctorReportSchema, healthSchema, serverStatusSchema } from '../schemas/system.ts';
import { queueSchema } from '../schemas/queue.ts';
import { whoamiSchema } from '../schemas/token.ts';
import { metricsMediaType } from '../metrics.ts';
import { anyToken, everyone, onInstallation } from './access.ts';

export const systemEndpoints = {
  health: endpoint({
    method: 'GET',
    path: '/api/healthz',
    summary: 'Tell whether the control plane answers',
    access: everyone,
    status: 200,
    response: healthSchema,
    errors: [],
  }),
  openapi: endpoint({
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This document',
    access: everyone,
    status: 200,
    response: z.record(z.string(), z.unknown()),
    errors: [],
  }),
  whoami: endpoint({
    method: 'GET',
    path: '/api/whoami',
    summary: 'Tell whose token this is',
    access: anyToken,
    status: 200,
    response: whoamiSchema,
    errors: [],
  }),
  queue: endpoint({
    method: 'GET',
    path: '/api/queue',
    summary: 'List what waits or runs, for what and since when, in the order it will be served',
    access: anyToken,
    status: 200,
    response: queueSchema,
    errors: [],
  }),
  server: endpoint({
    method: 'GET',
    path: '/api/server',
    summary: 'Show versions, ports and the health of the parts',
    access: onInstallation('read'),
    status: 200,
    response: serverStatusSchema,
    errors: [],
  }),
  doctor: endpoint({
    method: 'GET',
    path: '/api/doctor',
    summary: 'Check every prerequisite, with the fix',
    access: onInstallation('read'),
    status: 200,
    response: doctorReportSchema,
    errors: [],
  }),
  invariants: endpoint({
    method: 'GET',
    path: '/api/invariants',
    summary: 'Look now whether every invariant holds, with the next step for each that does not',
    access: onInstallation('administer'),
    status: 200,
    response: invariantReportSchema,
    errors: ['runtime_unavailable', 'router_unavailable'],
  }),
  diskUsage: endpoint({
    method: 'GET',
    path: '/api/system/disk-usage',
    summary: 'Show what takes room on the disks',
    access: onInstallation('read'),
    status: 200,
    response: diskUsageSchema,
    errors: ['runtime_unavailable'],
  }),
  metrics: endpoint({
    method: 'GET',
    path: '/api/metrics',
    summary: 'Show metrics in the text format of Prometheus',
    access: onInstallation('administer'),
    status: 200,
    response: z.string(),
    mediaType: metricsMediaType,
    errors: [],
  }),
} as const;
