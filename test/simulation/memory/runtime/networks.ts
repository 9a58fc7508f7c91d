import { CutoverError } from '../../../../src/domain/errors.ts';

/** A /16 in pieces of 64 addresses, as the platform's default pool is cut. */
const mostNetworks = 1024;
/** Without the network's own, the gateway's and the broadcast address. */
const firstHost = 2;
const lastHost = 62;

interface Network {
  readonly index: number;
  readonly taken: Set<number>;
  last: number;
}

/** One private network per project, and who has which address there. */
export class Networks {
  readonly #byProject = new Map<string, Network>();

  has(project: string): boolean {
    return this.#byProject.has(project);
  }

  projects(): readonly string[] {
    return [...this.#byProject.keys()];
  }

  /** Errors: `network_exhausted`. */
  ensure(project: string): void {
    if (this.#byProject.has(project)) return;
    const used = new Set([...this.#byProject.values()].map(({ index }) => index));
    let index = 0;
    while (used.has(index)) index += 1;
    if (index >= mostNetworks) throw new CutoverError('network_exhausted', `all ${mostNetworks} networks are in use`);
    this.#byProject.set(project, { index, taken: new Set(), last: firstHost - 1 });
  }

  /** Errors: `runtime_unavailable` while somebody has an address there, as the engine says it. */
  remove(project: string): void {
    const network = this.#byProject.get(project);
    if (network === undefined) return;
    if (network.taken.size > 0) {
      throw new CutoverError('runtime_unavailable', `the network of ${project} has active endpoints`);
    }
    this.#byProject.delete(project);
  }

  /** An address that is free; after the last one given, or (`lowest`) the lowest there is. null: none is free, or there is no network. */
  take(project: string, lowest: boolean): string | null {
    const network = this.#byProject.get(project);
    if (network === undefined || network.taken.size > lastHost - firstHost) return null;
    let host = lowest ? firstHost : next(network.last);
    while (network.taken.has(host)) host = next(host);
    network.taken.add(host);
    network.last = host;
    return `10.210.${network.index >> 2}.${((network.index & 3) << 6) + host}`;
  }

  giveBack(project: string, address: string): void {
    this.#byProject.get(project)?.taken.delete(Number(address.slice(address.lastIndexOf('.') + 1)) & 63);
  }
}

function next(host: number): number {
  return host >= lastHost ? firstHost : host + 1;
}
