import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Probed, ProbedApp, ProbedRequest } from './prober.ts';

/** A real server on loopback that does so. */
export async function serveProbed(probed: Probed): Promise<ProbedApp> {
  const seen: ProbedRequest[] = [];
  const server = serverOf(probed, seen);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    target: { kind: 'instance', address: '127.0.0.1', port },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serverOf(probed: Probed, seen: ProbedRequest[]): Server {
  if (probed.does === 'close') return tcp((socket) => socket.destroy());
  if (probed.does === 'talk-otherwise') return tcp((socket) => socket.end('SSH-2.0-x\r\n'));
  return createServer((request, response) => {
    seen.push(requestSeen(request));
    respond(probed, response);
  });
}

function respond(probed: Probed, response: ServerResponse): void {
  if (probed.does === 'answer') {
    const headers = probed.location === undefined ? {} : { Location: probed.location };
    response.writeHead(probed.status, headers).end(probed.body);
  } else if (probed.does === 'stream') {
    response.write(probed.piece);
  } else if (probed.does === 'owe-body') {
    response.writeHead(200, { 'Content-Length': 5 }).flushHeaders();
  }
}

function requestSeen({ method = '', url = '', headers }: IncomingMessage): ProbedRequest {
  return { method, path: url, host: headers.host, connection: headers.connection };
}

function tcp(listener: (socket: Socket) => void): Server {
  return createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => listener(socket));
  });
}
