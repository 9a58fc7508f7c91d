/** A named volume of an environment (rule 4.1). It outlives every deployment. */
export interface VolumeSettings {
  readonly name: string;
  /** Absolute path in the container. */
  readonly path: string;
  /** `exclusive`: one writer at a time, so two versions must not run side by side. */
  readonly access: 'shared' | 'exclusive';
  readonly readOnly: boolean;
}

export const volumeAccesses = ['shared', 'exclusive'] as const satisfies readonly VolumeSettings['access'][];

/** The name becomes part of the name of the runtime's volume. */
export const volumeName = /^[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?$/;

/** Those that make the strategy `recreate`, whatever it is set to (rule 5.2). */
export function exclusiveVolumes(volumes: readonly VolumeSettings[]): readonly VolumeSettings[] {
  return volumes.filter(({ access }) => access === 'exclusive');
}

/** What the engine and the kernel put there themselves. */
const reserved = ['/proc', '/sys', '/dev'];

/** Completes "the path …"; null when it is fine. A colon would be read as the end of the path. */
export function volumePathProblem(path: string): string | null {
  const parts = path.split('/');
  const plain =
    /^\/[^\p{Cc}\\:,]{1,254}$/u.test(path) && parts.slice(1).every((part) => !['', '.', '..'].includes(part));
  if (!plain) return 'must be an absolute path in the container, such as /data';
  const taken = reserved.find((place) => path === place || path.startsWith(`${place}/`));
  return taken === undefined ? null : `must not be inside ${taken}`;
}
