import type { MountSettings } from 'dockerode';
import { CutoverError } from '../../../domain/errors.ts';
import type { InstanceSpec, VolumeId } from '../../../engine/ports/runtime.ts';
import type { EngineConnection } from './engine-connection.ts';
import { isRefusal } from './engine-connection.ts';
import { labelFilter, platformLabel, volumeIdOf, volumeLabels } from './labels.ts';
import { volumeName } from './names.ts';

const timeoutMs = 30_000;

/**
 * Where an instance's volumes appear in its container. Docker makes a volume that is missing, and fills an empty one, before its
 * first use, with what the image has at that path, owners and modes included. An anonymous volume the image declares for the same
 * path gives way.
 */
export function volumeMounts(platformId: string, spec: InstanceSpec): MountSettings[] {
  return spec.volumes.map(({ name, path, readOnly }) => {
    const volume = { project: spec.project, environment: spec.environment, name };
    return {
      Type: 'volume',
      Source: volumeName(platformId, volume),
      Target: path,
      ReadOnly: readOnly,
      VolumeOptions: {
        NoCopy: false,
        Labels: volumeLabels(platformId, volume),
        DriverConfig: { Name: 'local', Options: {} },
      },
    };
  });
}

/** The named volumes of the environments, kept by Docker on this machine. */
export class EnvironmentVolumes {
  readonly #engine: EngineConnection;
  readonly #platformId: string;

  constructor(engine: EngineConnection, platformId: string) {
    this.#engine = engine;
    this.#platformId = platformId;
  }

  /** Docker leaves a volume of that name as it is. */
  async ensure(volume: VolumeId, signal: AbortSignal): Promise<void> {
    await this.#engine.call({ what: 'create a volume', timeoutMs }, signal, (docker, abortSignal) =>
      docker.createVolume({
        Name: volumeName(this.#platformId, volume),
        Driver: 'local',
        Labels: volumeLabels(this.#platformId, volume),
        abortSignal,
      }),
    );
  }

  /** Found by its labels, so that nothing is removed that is not ours. Errors: `volume_in_use`. */
  async remove(volume: VolumeId, signal: AbortSignal): Promise<void> {
    for (const { Name: name } of await this.#list(volumeLabels(this.#platformId, volume), signal)) {
      try {
        await this.#engine.call({ what: 'remove a volume', timeoutMs }, signal, (docker, abortSignal) =>
          docker.getVolume(name).remove({ abortSignal }),
        );
      } catch (error) {
        if (isRefusal(error, 409)) throw inUse(volume, error);
        if (!isRefusal(error, 404)) throw error;
      }
    }
  }

  async list(signal: AbortSignal): Promise<readonly VolumeId[]> {
    const volumes = await this.#list({ [platformLabel]: this.#platformId }, signal);
    return volumes.map(({ Labels: labels }) => volumeIdOf(labels)).filter((volume) => volume !== null);
  }

  async #list(
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly { readonly Name: string; readonly Labels: Record<string, string> }[]> {
    // Not as a string, as the types have it: the client library would send it as it is.
    const filters = labelFilter(labels);
    const answer = await this.#engine.call({ what: 'list volumes', timeoutMs }, signal, (docker, abortSignal) =>
      docker.listVolumes({ filters, abortSignal }),
    );
    // Docker's word for "none" is null.
    return answer.Volumes ?? [];
  }
}

function inUse(volume: VolumeId, cause: unknown): CutoverError {
  const { name, project, environment } = volume;
  return new CutoverError('volume_in_use', `volume ${name} of ${project}/${environment} is mounted by an instance`, {
    cause,
  });
}
