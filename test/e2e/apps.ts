import { randomUUID } from 'node:crypto';

/** Small apps for the end-to-end tests. None needs a package, so that a build takes a second. */
type Files = Readonly<Record<string, string>>;

const manifest = JSON.stringify({ name: 'app', version: '1.0.0', private: true, scripts: { start: 'node server.js' } });

function app(server: string): Files {
  return { 'package.json': manifest, 'server.js': server };
}

/** Answers every path with `text`, and with its environment on /env; exits at once on SIGTERM. */
export function answering(text: string): Files {
  return app(`
const http = require('node:http');
http.createServer((request, response) => {
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  if (request.url === '/headers') return response.end(JSON.stringify(request.headers));
  if (request.url === '/slow') return setTimeout(() => response.end(${JSON.stringify(text)}), 1500);
  if (request.url === '/crash') return process.exit(3);
  response.end(${JSON.stringify(text)});
}).listen(process.env.PORT, () => console.log('listening as ' + ${JSON.stringify(text)}));
process.on('SIGTERM', () => process.exit(0));
`);
}

export function exitingAtStart(code: number): Files {
  return app(`for (let line = 1; line <= 60; line += 1) console.log('line ' + line);
console.log('cannot open the database');
process.exitCode = ${code};
`);
}

export const answering500 = app(`
require('node:http').createServer((_, response) => { response.statusCode = 500; response.end('db unreachable'); }).listen(process.env.PORT);
`);

/** The body is "db says " and the value of the expression. */
export function answering500With(expression: string): Files {
  return app(`
require('node:http').createServer((_, response) => { response.statusCode = 500; response.end('db says ' + ${expression}); }).listen(process.env.PORT);
`);
}

export const neverAnswering = app(`
require('node:net').createServer(() => {}).listen(process.env.PORT);
`);

export const onAnotherPort = app(`
require('node:http').createServer((_, response) => response.end('hello')).listen(8080, '0.0.0.0');
`);

export const eatingMemory = app(`
const kept = [];
setInterval(() => kept.push(Buffer.alloc(20e6, 1)), 5);
`);

/** Takes a second to listen, so that a test can reach it at the gate. */
export function slowToStart(text: string): Files {
  return app(`
const http = require('node:http');
setTimeout(() => http.createServer((_, response) => response.end(${JSON.stringify(text)})).listen(process.env.PORT), 1000);
process.on('SIGTERM', () => process.exit(0));
`);
}

/** Never from the build cache: a Dockerfile whose build prints `says 1`, `says 2`, …, and makes an image that does nothing but stay. */
export function slowBuild({ lines, secondsApart }: { lines: number; secondsApart: number }): Files {
  const count = `: ${randomUUID()}; for i in $(seq 1 ${lines}); do echo says $i; sleep ${secondsApart}; done`;
  return {
    Dockerfile: `FROM node:24-slim\nRUN ${count}\nCMD ["node", "-e", "require('http').createServer((_, r) => r.end('built')).listen(process.env.PORT)"]\n`,
  };
}

/** Answers with its name; a WebSocket echoes after the name; /events is a stream. Exits at once on SIGTERM. */
export function streaming(name: string): Files {
  return app(`
const { createHash } = require('node:crypto');
const server = require('node:http').createServer((request, response) => {
  if (request.url !== '/events') return response.end(${JSON.stringify(name)});
  response.setHeader('content-type', 'text/event-stream');
  const timer = setInterval(() => response.write('data: ${name}\\n\\n'), 50);
  response.on('close', () => clearInterval(timer));
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  const text = Buffer.from(${JSON.stringify(name)});
  const timer = setInterval(() => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text])), 50);
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => clearInterval(timer));
});
server.listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`);
}

/**
 * `/fail/<n>/<name>` closes the connection without a byte the first n times, then answers how often it was asked; `/count/<name>` tells how
 * often that was. POST /break answers with the instance's name, and from then on everything but the health check and POST /break is
 * closed without a byte. Every answer carries the instance in `x-instance`.
 */
export const answeringSometimes = app(`
const name = require('node:os').hostname();
const counts = {};
let broken = false;
require('node:http').createServer((request, response) => {
  response.setHeader('x-instance', name);
  const [, action, first, second] = request.url.split('/');
  if (action === 'break') {
    broken = true;
    return response.end(name);
  }
  if (action === 'fail') counts[second] = (counts[second] ?? 0) + 1;
  if ((broken && action !== 'health') || (action === 'fail' && counts[second] <= Number(first))) return request.socket.destroy();
  response.end(action === 'count' ? String(counts[first] ?? 0) : String(counts[second]));
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`);

/** Of a Dockerfile that exposes 8080; answers with the port it listens on and with the one it was told. */
export const exposing: Files = {
  Dockerfile: `FROM node:24-slim
EXPOSE 8080
CMD ["node", "-e", "const port = Number(process.env.PORT); require('http').createServer((_, r) => r.end(JSON.stringify({ listensOn: port, PORT: process.env.PORT }))).listen(port)"]
`,
};

/** A single-page app; its build needs the npm registry. The script says the text and what VITE_GREETING was. */
export function viteApp(text: string): Files {
  return {
    'package.json': JSON.stringify({
      name: 'spa',
      private: true,
      type: 'module',
      scripts: { build: 'vite build' },
      devDependencies: { vite: '^8.0.0' },
    }),
    'vite.config.js': 'export default {};\n',
    'index.html':
      '<!doctype html><title>spa</title><div id="app"></div><script type="module" src="/main.js"></script>\n',
    'main.js': `document.querySelector('#app').textContent = ${JSON.stringify(text)} + import.meta.env.VITE_GREETING;\n`,
  };
}

/** GET /flood makes it print so much in short lines as fast as it can, and `the flood is over` at the end. */
export function flooding(megabytes: number): Files {
  return app(`
const { once } = require('node:events');
const block = Array.from({ length: 1000 }, (_, line) => 'line ' + line + ' of a flood of lines, each of them rather short').join('\\n') + '\\n';
async function flood() {
  for (let printed = 0; printed < ${megabytes} * 1e6; printed += block.length) {
    if (!process.stdout.write(block)) await once(process.stdout, 'drain');
  }
  console.log('the flood is over');
}
require('node:http').createServer((request, response) => {
  if (request.url === '/flood') void flood();
  response.end('ok');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`);
}
