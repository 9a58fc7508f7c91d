import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { newRegistrySchema, registryListSchema, registrySchema } from '../schemas/registry.ts';
import { onProject, projectParams } from './access.ts';

const registryParams = projectParams.extend({ registry: z.string().min(1).max(255) });

/** What registries are shown for a project's private images: written, and never read again. */
export const registryEndpoints = {
  list: endpoint({
    method: 'GET',
    path: '/api/projects/{project}/registries',
    summary: 'List the registries that the project has credentials for, without their values',
    access: onProject('configure'),
    params: projectParams,
    status: 200,
    response: registryListSchema,
    errors: ['not_found'],
  }),
  set: endpoint({
    method: 'PUT',
    path: '/api/projects/{project}/registries/{registry}',
    summary: 'Set the credentials for a registry, such as registry.example.com:5000, in place of what was set',
    access: onProject('configure'),
    params: registryParams,
    body: newRegistrySchema,
    status: 200,
    response: registrySchema,
    errors: ['not_found'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/api/projects/{project}/registries/{registry}',
    summary: 'Remove the credentials for a registry',
    access: onProject('configure'),
    params: registryParams,
    status: 204,
    response: null,
    errors: ['not_found'],
  }),
} as const;
