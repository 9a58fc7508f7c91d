import { once } from 'node:events';
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer, type RawData } from 'ws';

/** An app behind the router. `/` tells its name and what headers it was given; `/slow/<ms>`, `/500`, `/cut`, `/die`, `/drip` and `/stream` do as they say. */
export interface TestApp extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly seen: () => number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function startApp(name: string, listen: { port?: number; path?: string } = {}): Promise<TestApp> {
  let seen = 0;
  const server = createServer((incoming, response) => {
    seen += 1;
    respond(name, incoming, response);
  });
  server.keepAliveTimeout = 60_000;
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => socket.send(Buffer.concat([Buffer.from(`${name}:`), asBuffer(data)]).toString())),
  );
  if (listen.path === undefined) server.listen(listen.port ?? 0, '127.0.0.1');
  else server.listen(listen.path);
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return {
    name,
    port: typeof address === 'string' ? 0 : address.port,
    seen: () => seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function respond(name: string, incoming: IncomingMessage, response: ServerResponse): void {
  const path = incoming.url ?? '/';
  if (path === '/500') {
    response.writeHead(500).end('no');
  } else if (path === '/cut') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('begin');
    setTimeout(() => response.destroy(), 50);
  } else if (path === '/die') {
    incoming.resume().on('end', () => incoming.socket.destroy());
  } else if (path === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n');
  } else if (path === '/drip') {
    const drip = setInterval(() => response.write('drop'), 20);
    response.on('close', () => clearInterval(drip));
  } else {
    const delayMs = Number(/^\/slow\/(\d+)$/.exec(path)?.[1] ?? 0);
    const type = path.startsWith('/page') ? 'text/html; charset=utf-8' : 'application/json';
    let received = 0;
    const tell = () =>
      response
        .writeHead(200, { 'content-type': type })
        .end(JSON.stringify({ name, received, headers: incoming.headers }));
    incoming.on('data', (chunk: Buffer) => (received += chunk.length));
    incoming.on('end', () => setTimeout(tell, delayMs));
    incoming.on('error', () => response.destroy());
  }
}

/** One request; rejects when the connection is lost before the answer is whole. */
export function send(
  port: number,
  host: string,
  options: Omit<RequestOptions, 'headers'> & { body?: string; headers?: Record<string, string | undefined> } = {},
): Promise<Answer> {
  const { body, headers, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, agent: false, ...rest, headers: { host, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          if (!incoming.complete) return reject(new Error('the answer was cut off'));
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function asBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

/** Bytes as they are; resolves to what came until the other side closed. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

export async function openWebSocket(port: number, host: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host } });
  await once(socket, 'open');
  return socket;
}

export async function echo(socket: WebSocket, text: string): Promise<string> {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(3_000) });
  socket.send(text);
  const [data] = (await answer) as [Buffer];
  return data.toString();
}
