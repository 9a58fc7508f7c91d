/**
 * The app the benchmarks deploy. It shows the version that answers in every body, and it is rude on purpose: SIGTERM ends it at
 * once, with whatever it was doing. Whoever stops it must have drained it first.
 *
 * GET  /?n=1        page(version, 1)                       GET  /ready-at   {"deployment","readyAt"}: epoch ms of the listen
 * GET  /slow?n=1    the same after 3 s (or `ms`)           GET  /events     SSE, a numbered event every 250 ms
 * POST /echo        the request's body                     GET  /socket     WebSocket: says its version, then echoes text
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const version = process.env.CUTOVER_DEPLOYMENT ?? '0';
const filler = 'x'.repeat(1024);
let readyAt = 0;

const routes = {
  'GET /': (url, _request, response) => sendPage(url, response),
  'GET /slow': (url, _request, response) => {
    setTimeout(() => sendPage(url, response), Number(url.searchParams.get('ms') ?? 3000));
  },
  'GET /ready-at': (_url, _request, response) => {
    send(response, 200, 'application/json', JSON.stringify({ deployment: version, readyAt }));
  },
  'GET /events': (_url, _request, response) => streamEvents(response),
  'POST /echo': (_url, request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => send(response, 200, 'application/octet-stream', Buffer.concat(chunks)));
  },
};

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://app');
  const route = routes[`${request.method} ${url.pathname}`];
  if (route === undefined) send(response, 404, 'text/plain', 'not found\n');
  else route(url, request, response);
});

server.on('upgrade', (request, socket) => {
  socket.on('error', () => socket.destroy());
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.write(frame(0x1, Buffer.from(`version=${version}`)));
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = answerFrames(Buffer.concat([pending, chunk]), socket);
  });
});

process.on('SIGTERM', () => process.exit(0));

setTimeout(
  () => {
    server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '0.0.0.0', () => {
      readyAt = Date.now();
      console.log(`bench-app ${version} listens on ${server.address().port}`);
    });
  },
  Number(process.env.START_DELAY_MS ?? 0),
);

function sendPage(url, response) {
  send(response, 200, 'text/plain', `version=${version} n=${url.searchParams.get('n')}\n${filler}\nend\n`);
}

function send(response, status, type, body) {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'x-version': version,
  });
  response.end(body);
}

function streamEvents(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-version': version });
  let number = 0;
  const tick = () => response.write(`data: version=${version} seq=${number++}\n\n`);
  tick();
  const timer = setInterval(tick, 250);
  response.on('close', () => clearInterval(timer));
}

/** Answers every whole frame of a client (masked, shorter than 64 KiB) and returns the bytes of the unfinished one. */
function answerFrames(bytes, socket) {
  for (;;) {
    if (bytes.length < 2) return bytes;
    const short = bytes[1] & 0x7f;
    const head = short === 126 ? 4 : 2;
    if (bytes.length < head + 4) return bytes;
    const length = short === 126 ? bytes.readUInt16BE(2) : short;
    const end = head + 4 + length;
    if (bytes.length < end) return bytes;
    const mask = bytes.subarray(head, head + 4);
    const payload = Buffer.from(bytes.subarray(head + 4, end).map((byte, index) => byte ^ mask[index % 4]));
    answerFrame(bytes[0] & 0x0f, payload, socket);
    bytes = bytes.subarray(end);
  }
}

function answerFrame(opcode, payload, socket) {
  if (opcode === 0x1) socket.write(frame(0x1, payload));
  if (opcode === 0x9) socket.write(frame(0xa, payload));
  if (opcode === 0x8) socket.end(frame(0x8, payload));
}

function frame(opcode, payload) {
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, payload.length])
      : Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}
