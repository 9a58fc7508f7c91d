import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { textOf } from './streams.ts';

/** What the server does wrong, to every request, until told otherwise. */
export type Misdeed = 'none' | 'reset' | 'status-500' | 'status-404' | 'truncate' | 'wrong-body' | 'silence';

/** Speaks like the benchmarks' app and breaks the rules on demand. */
export class MisbehavingServer implements AsyncDisposable {
  misdeed: Misdeed = 'none';
  /** What it calls itself. */
  version = 1;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #streams = new Set<Socket>();

  private constructor() {
    const webSockets = new WebSocketServer({ noServer: true });
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      webSockets.handleUpgrade(request, socket, head, (client) => {
        this.#streams.add(socket as Socket);
        client.send(`version=${this.version}`);
        client.on('message', (data) => client.send(textOf(data)));
      });
    });
  }

  static async start(): Promise<MisbehavingServer> {
    const server = new MisbehavingServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get openStreams(): number {
    return [...this.#streams].filter((socket) => !socket.destroyed).length;
  }

  closeStreams(): void {
    for (const socket of this.#streams) socket.destroy();
    this.#streams.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://app');
    if (url.pathname === '/events') return this.#streamEvents(response);
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const right =
        url.pathname === '/echo'
          ? Buffer.concat(body).toString()
          : `version=${this.version} n=${url.searchParams.get('n')}\n${'x'.repeat(1024)}\nend\n`;
      this.#reply(response, right);
    });
  }

  #reply(response: ServerResponse, right: string): void {
    switch (this.misdeed) {
      case 'none':
        return void response.end(right);
      case 'reset':
        return void response.socket?.resetAndDestroy();
      case 'status-500':
        return void response.writeHead(500).end(right);
      case 'status-404':
        return void response.writeHead(404).end(right);
      case 'truncate':
        response.writeHead(200, { 'content-length': Buffer.byteLength(right) });
        response.write(right.slice(0, 20), () => response.socket?.destroy());
        return;
      case 'wrong-body':
        return void response.end(`${right}and more`);
      case 'silence':
        return;
    }
  }

  #streamEvents(response: ServerResponse): void {
    if (response.socket !== null) this.#streams.add(response.socket);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let number = 0;
    const tick = () => response.write(`data: version=${this.version} seq=${number++}\n\n`);
    tick();
    const timer = setInterval(tick, 50);
    response.on('close', () => clearInterval(timer));
  }
}
