import { z } from 'zod';
import type { Permission } from '../../domain/roles.ts';
import type { Access } from '../endpoint.ts';

export const anyToken = { kind: 'token' } as const satisfies Access;
export const everyone = { kind: 'public' } as const satisfies Access;

export function onProject(permission: Permission) {
  return { kind: 'permission', permission, on: 'project' } as const satisfies Access;
}

export function onInstallation(permission: Permission) {
  return { kind: 'permission', permission, on: 'installation' } as const satisfies Access;
}

const name = z.string().min(1).max(64);

export const projectParams = z.strictObject({ project: name });
export const environmentParams = z.strictObject({ project: name, environment: name });
export const previewParams = z.strictObject({ project: name, preview: name });
export const deploymentParams = z.strictObject({
  project: name,
  number: z.coerce.number().int().min(1).max(2_147_483_647),
});
export const logParams = z.strictObject({ ...deploymentParams.shape, log: z.string().min(1).max(100) });
