import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { bridgeAddress } from '../../harness/bridge-address.ts';
import { freePort } from '../../harness/haproxy.ts';
import { pause } from './subject.ts';

/** Something that both versions need: a server that containers can reach. */
export class Dependency implements AsyncDisposable {
  readonly url: string;
  /** Whoever asks gets no answer until it is false again. */
  hanging = false;
  readonly #host: string;
  readonly #port: number;
  readonly #answer = (_: unknown, response: ServerResponse) => void this.#serve(response);
  #server = createServer();

  private constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.url = `http://${host}:${port}/`;
  }

  /** On the machine's address in Docker's own network, which no other machine can reach. */
  static async start(): Promise<Dependency> {
    const dependency = new Dependency(await bridgeAddress(), await freePort());
    await dependency.startAgain();
    return dependency;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async startAgain(): Promise<void> {
    this.#server = createServer(this.#answer);
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, 'listening');
  }

  async #serve(response: ServerResponse): Promise<void> {
    while (this.hanging) await pause(100);
    response.end('fine');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.stop();
  }
}
