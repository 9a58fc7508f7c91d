import type { VolumeSettings } from '../../../../src/domain/volumes.ts';
import type { InstanceSpec, VolumeId } from '../../../../src/engine/ports/runtime.ts';

interface Volume {
  readonly id: VolumeId;
  /** By path inside the volume. */
  readonly files: Map<string, string>;
}

/** The named volumes of all environments, with what is in them. */
export class Volumes {
  readonly #byKey = new Map<string, Volume>();

  ensure({ project, environment, name }: VolumeId): Volume {
    const key = keyOf({ project, environment, name });
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const volume = { id: Object.freeze({ project, environment, name }), files: new Map<string, string>() };
    this.#byKey.set(key, volume);
    return volume;
  }

  remove(id: VolumeId): void {
    this.#byKey.delete(keyOf(id));
  }

  list(): readonly VolumeId[] {
    return [...this.#byKey.values()].map(({ id }) => id);
  }

  /** False where the path is in no volume, or in one that may only be read. */
  write(spec: InstanceSpec, path: string, text: string): boolean {
    const mount = mountOf(spec, path);
    if (mount === null || mount.readOnly) return false;
    this.ensure({ ...spec, name: mount.name }).files.set(path.slice(mount.path.length), text);
    return true;
  }

  /** null where there is no such file. */
  read(spec: InstanceSpec, path: string): string | null {
    const mount = mountOf(spec, path);
    if (mount === null) return null;
    return this.ensure({ ...spec, name: mount.name }).files.get(path.slice(mount.path.length)) ?? null;
  }
}

function mountOf({ volumes }: InstanceSpec, path: string): VolumeSettings | null {
  return volumes.find((volume) => path.startsWith(`${volume.path}/`)) ?? null;
}

function keyOf({ project, environment, name }: VolumeId): string {
  return `${project}/${environment}/${name}`;
}
