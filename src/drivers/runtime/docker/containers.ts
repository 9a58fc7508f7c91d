import type { ContainerInspectInfo } from 'dockerode';
import type { EngineConnection } from './engine-connection.ts';
import { isRefusal } from './engine-connection.ts';
import { instanceLabel, labelFilter, platformLabel } from './labels.ts';

const readTimeoutMs = 15_000;
const parallelInspections = 8;

/** Finds the platform's own containers. */
export class Containers {
  readonly #engine: EngineConnection;
  readonly #platformId: string;
  /** Spares the lookup by label; a stale entry is noticed by Docker's 404. */
  readonly #known = new Map<string, string>();

  constructor(engine: EngineConnection, platformId: string) {
    this.#engine = engine;
    this.#platformId = platformId;
  }

  remember(instanceId: string, containerId: string): void {
    this.#known.set(instanceId, containerId);
  }

  forget(instanceId: string): void {
    this.#known.delete(instanceId);
  }

  /** null when the instance has no container. */
  async find(instanceId: string, signal: AbortSignal): Promise<ContainerInspectInfo | null> {
    const known = this.#known.get(instanceId);
    if (known !== undefined) {
      const container = await this.inspect(known, signal);
      if (container !== null) return container;
      this.forget(instanceId);
    }
    const containerId = await this.#lookUp(instanceId, signal);
    if (containerId === null) return null;
    this.remember(instanceId, containerId);
    return this.inspect(containerId, signal);
  }

  /** null when there is no such container, or it is not ours. */
  async inspect(idOrName: string, signal: AbortSignal): Promise<ContainerInspectInfo | null> {
    try {
      const container = await this.#engine.call(
        { what: 'inspect a container', timeoutMs: readTimeoutMs },
        signal,
        (docker, abortSignal) => docker.getContainer(idOrName).inspect({ abortSignal }),
      );
      return container.Config.Labels[platformLabel] === this.#platformId ? container : null;
    } catch (error) {
      if (isRefusal(error, 404)) return null;
      throw error;
    }
  }

  /** Every container of the platform, also those that run no more. One that disappears meanwhile is left out. */
  async list(signal: AbortSignal): Promise<readonly ContainerInspectInfo[]> {
    const ids = await this.#idsWith({ [platformLabel]: this.#platformId }, signal);
    const found: ContainerInspectInfo[] = [];
    for (let start = 0; start < ids.length; start += parallelInspections) {
      const batch = ids.slice(start, start + parallelInspections);
      const containers = await Promise.all(batch.map((id) => this.inspect(id, signal)));
      found.push(...containers.filter((container) => container !== null));
    }
    return found;
  }

  async #lookUp(instanceId: string, signal: AbortSignal): Promise<string | null> {
    const ids = await this.#idsWith({ [platformLabel]: this.#platformId, [instanceLabel]: instanceId }, signal);
    return ids[0] ?? null;
  }

  async #idsWith(labels: Readonly<Record<string, string>>, signal: AbortSignal): Promise<readonly string[]> {
    const listed = await this.#engine.call(
      { what: 'list containers', timeoutMs: readTimeoutMs },
      signal,
      (docker, abortSignal) => docker.listContainers({ all: true, filters: labelFilter(labels), abortSignal }),
    );
    return listed.map((container) => container.Id);
  }
}
