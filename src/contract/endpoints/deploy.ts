import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { deploymentSchema, newImageDeploymentSchema } from '../schemas/deployment.ts';
import { onProject, projectParams } from './access.ts';

const uploadQuery = z.strictObject({
  environment: z.string().min(1).max(64),
  filename: z.string().max(255).default('-').meta({ description: 'For people.' }),
});

const flag = z.stringbool({ truthy: ['true'], falsy: ['false'] });

const uploadErrors = [
  'not_found',
  'idempotency_mismatch',
  'upload_too_large',
  'upload_interrupted',
  'disk_low',
  'too_busy',
  'disk_full',
] as const;

/** The ways in beside a repository (rule 2.3). */
export const deployEndpoints = {
  image: endpoint({
    method: 'POST',
    path: '/api/projects/{project}/deploy/image',
    summary: 'Deploy an image of a registry; answers with the deployment once it is recorded',
    access: onProject('trigger'),
    params: projectParams,
    body: newImageDeploymentSchema,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: ['not_found', 'idempotency_mismatch'],
  }),
  imageUpload: endpoint({
    method: 'POST',
    path: '/api/projects/{project}/deploy/image-upload',
    summary:
      'Deploy an image tarball (docker save or OCI layout, plain, gzip or zstd), which is the body; answers with the deployment once both are kept',
    access: onProject('trigger'),
    params: projectParams,
    query: uploadQuery,
    upload: true,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: uploadErrors,
  }),
  static: endpoint({
    method: 'POST',
    path: '/api/projects/{project}/deploy/static',
    summary:
      'Deploy static files (tar, tar.gz, tar.zst or zip), which are the body; answers with the deployment once both are kept',
    access: onProject('trigger'),
    params: projectParams,
    query: uploadQuery.extend({
      spa: flag.default(false).meta({ description: 'Whether unknown paths are answered with /index.html.' }),
    }),
    upload: true,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: uploadErrors,
  }),
  directory: endpoint({
    method: 'POST',
    path: '/api/projects/{project}/deploy/directory',
    summary:
      'Build and deploy a directory (tar, tar.gz, tar.zst or zip), which is the body, as the repository would be; answers with the deployment once both are kept',
    access: onProject('trigger'),
    params: projectParams,
    query: uploadQuery.extend({
      commit: z
        .string()
        .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
        .exactOptional()
        .meta({ description: 'The commit that the directory is at, for people; nobody checks it.' }),
      dirty: flag.default(false).meta({ description: 'Whether there are changes beside that commit.' }),
      noCache: flag
        .default(false)
        .meta({ description: 'Whether it is built although the same files were built before.' }),
    }),
    upload: true,
    idempotent: true,
    status: 202,
    response: deploymentSchema,
    errors: uploadErrors,
  }),
} as const;
