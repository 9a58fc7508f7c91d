import type { Endpoint, Endpoints, Host } from '../../simulation/memory/endpoints.ts';

/** A machine beside the containers, where tests let programs listen on ports. */
export class PlainHost implements Host {
  readonly address = '127.0.0.1';
  readonly #listening = new Map<number, Endpoint>();
  #ports = 20_000;

  constructor(endpoints: Endpoints) {
    endpoints.assign(this.address, this);
  }

  endpointAt(port: number): Endpoint | null {
    return this.#listening.get(port) ?? null;
  }

  /** On that port, or on one that nobody has had. */
  listen(endpoint: Endpoint, wanted = 0): number {
    const port = wanted === 0 ? (this.#ports += 1) : wanted;
    this.#listening.set(port, endpoint);
    return port;
  }

  /** It listens no more, and who was connected to it is not any more. */
  close(port: number): void {
    const endpoint = this.#listening.get(port);
    this.#listening.delete(port);
    if (endpoint === undefined) return;
    const lost = [...endpoint.connections];
    endpoint.connections.clear();
    for (const connection of lost) connection.lost();
  }
}
