import { createHash } from 'node:crypto';
import type { InstanceSpec } from '../../../engine/ports/runtime.ts';

const readableLength = 100;

/**
 * Readable for people in `docker ps`, and the same for the same instance, so that Docker itself refuses a second container
 * of it. The hash of the instance id keeps shortened names apart.
 */
export function containerName(platformId: string, spec: InstanceSpec): string {
  const parts = [platformId, spec.project, spec.environment, spec.deploymentNumber, spec.process, spec.ordinal];
  return `${readable(parts)}-${shortHash(spec.instanceId)}`;
}

export function networkName(platformId: string, project: string): string {
  return `${readable([platformId, project])}-${shortHash(project)}`;
}

function readable(parts: readonly (string | number)[]): string {
  return ['cutover', ...parts]
    .join('-')
    .replace(/[^a-zA-Z0-9_.-]/g, '_')
    .slice(0, readableLength);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
