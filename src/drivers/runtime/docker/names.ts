import { createHash } from 'node:crypto';
import type { InstanceSpec, VolumeId } from '../../../engine/ports/runtime.ts';

const readableLength = 100;
/** Longer than elsewhere: two volumes under one name would mix two environments' data. */
const volumeHashLength = 16;

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

/** The readable part may be the same for two volumes (`a-b` of `c`, `b` of `c-a`); the hash of all four names is not. */
export function volumeName(platformId: string, { project, environment, name }: VolumeId): string {
  const parts = [platformId, project, environment, name];
  return `${readable(parts)}-${hash(JSON.stringify(parts), volumeHashLength)}`;
}

function readable(parts: readonly (string | number)[]): string {
  return ['cutover', ...parts]
    .join('-')
    .replace(/[^a-zA-Z0-9_.-]/g, '_')
    .slice(0, readableLength);
}

function shortHash(text: string): string {
  return hash(text, 8);
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
