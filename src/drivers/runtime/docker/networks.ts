import type { NetworkInspectInfo } from 'dockerode';
import { CutoverError } from '../../../domain/errors.ts';
import { isRefusal } from './engine-connection.ts';
import type { EngineConnection } from './engine-connection.ts';
import { hostRoutes } from './host-routes.ts';
import { labelFilter, networkLabels, platformLabel, projectLabel } from './labels.ts';
import { networkName } from './names.ts';
import { formatRange, freeRanges, parseRange } from './subnets.ts';
import type { Range } from './subnets.ts';

/** 61 instances a project; Docker's own default pools would end after about thirty networks. */
const subnetBits = 26;
const timeoutMs = 30_000;

interface NetworksOptions {
  readonly engine: EngineConnection;
  readonly platformId: string;
  /** The range subnets are taken from. */
  readonly pool: Range;
}

/** One private network per project. */
export class ProjectNetworks {
  readonly #options: NetworksOptions;
  readonly #turns = new Map<string, Promise<void>>();

  constructor(options: NetworksOptions) {
    this.#options = options;
  }

  /** Callers for one project take turns: the second finds what the first has made. */
  async ensure(project: string, signal: AbortSignal): Promise<void> {
    const before = this.#turns.get(project);
    const attempt = Promise.allSettled([before]).then(() => this.#ensure(project, signal));
    this.#turns.set(project, attempt);
    try {
      await attempt;
    } finally {
      if (this.#turns.get(project) === attempt) this.#turns.delete(project);
    }
  }

  async remove(project: string, signal: AbortSignal): Promise<void> {
    for (const network of await this.#ofProject(project, signal)) await this.#delete(network.Id, signal);
  }

  /** Each once, also where two came at once and the second is about to go. */
  async projects(signal: AbortSignal): Promise<readonly string[]> {
    const { engine, platformId } = this.#options;
    const filters = labelFilter({ [platformLabel]: platformId });
    const networks = await engine.call({ what: 'list networks', timeoutMs }, signal, (docker, abortSignal) =>
      docker.listNetworks({ filters, abortSignal }),
    );
    return [...new Set(networks.flatMap(({ Labels }) => Labels?.[projectLabel] ?? []))];
  }

  async #ensure(project: string, signal: AbortSignal): Promise<void> {
    if ((await this.#ofProject(project, signal)).length > 0) return;
    const taken = [...(await this.#dockerRanges(signal)), ...(await hostRoutes())];
    for (const range of freeRanges(this.#options.pool, subnetBits, taken)) {
      if (await this.#create(project, range, signal)) return this.#dropDuplicates(project, signal);
    }
    throw new CutoverError(
      'network_exhausted',
      `no free /${subnetBits} in ${formatRange(this.#options.pool)}: ${taken.length} ranges are in use by Docker networks and routes of this machine`,
    );
  }

  /** False when the range is taken after all: by a route Docker sees, or by somebody who was faster. */
  async #create(project: string, range: Range, signal: AbortSignal): Promise<boolean> {
    const { engine, platformId } = this.#options;
    try {
      await engine.call({ what: 'create a network', timeoutMs }, signal, (docker, abortSignal) =>
        docker.createNetwork({
          Name: networkName(platformId, project),
          CheckDuplicate: true,
          Driver: 'bridge',
          IPAM: { Driver: 'default', Config: [{ Subnet: formatRange(range) }] },
          Labels: networkLabels(platformId, project),
          abortSignal,
        }),
      );
      return true;
    } catch (error) {
      // The same name: another process was faster, with the same result.
      if (isRefusal(error, 409)) return true;
      if (isRefusal(error) && /overlap|conflicts with network/i.test(error.said)) return false;
      throw error;
    }
  }

  /** Docker's check of names lets two that come at once both pass. Everybody keeps the same one: the least id. */
  async #dropDuplicates(project: string, signal: AbortSignal): Promise<void> {
    const ids = (await this.#ofProject(project, signal)).map((network) => network.Id).toSorted();
    for (const id of ids.slice(1)) await this.#delete(id, signal);
  }

  #ofProject(project: string, signal: AbortSignal): Promise<readonly NetworkInspectInfo[]> {
    const filters = labelFilter(networkLabels(this.#options.platformId, project));
    return this.#options.engine.call({ what: 'list networks', timeoutMs }, signal, (docker, abortSignal) =>
      docker.listNetworks({ filters, abortSignal }),
    );
  }

  async #dockerRanges(signal: AbortSignal): Promise<readonly Range[]> {
    const networks = await this.#options.engine.call(
      { what: 'list networks', timeoutMs },
      signal,
      (docker, abortSignal) => docker.listNetworks({ abortSignal }),
    );
    const subnets = networks
      .flatMap((network) => network.IPAM?.Config ?? [])
      .map(({ Subnet }) => parseRange(Subnet ?? ''));
    return subnets.filter((range) => range !== null);
  }

  async #delete(networkId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.engine.call({ what: 'remove a network', timeoutMs }, signal, (docker, abortSignal) =>
        docker.getNetwork(networkId).remove({ abortSignal }),
      );
    } catch (error) {
      if (!isRefusal(error, 404)) throw error;
    }
  }
}
