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

/** Holds 50 MB, works half of the time, and answers with the cores that it has had for that since its start, by its own account. */
export const working = app(`
const held = Buffer.alloc(50e6, 1);
setInterval(() => {
  const until = Date.now() + 50;
  while (Date.now() < until);
}, 100);
require('node:http').createServer((_, response) => {
  const { user, system } = process.cpuUsage();
  response.end(String((user + system) / 1e6 / process.uptime()));
}).listen(process.env.PORT, () => held.length);
process.on('SIGTERM', () => process.exit(0));
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

/**
 * Healthy for the gate, and answers every other path with its name, or, as POST /faults/<percent> says, with 500 for that part of its
 * requests, in turn. POST /sick makes the health check fail too, POST /crash ends it, POST /crash/<name> only the one of that name.
 */
export function faulty(name: string, percent = 0): Files {
  return app(`
let percent = ${percent};
let healthy = true;
let count = 0;
require('node:http').createServer((request, response) => {
  if (request.url === '/health') {
    response.statusCode = healthy ? 200 : 503;
    return response.end('health of ' + ${JSON.stringify(name)});
  }
  if (request.method === 'POST') {
    const [, what, value] = request.url.split('/');
    if (what === 'faults') percent = Number(value);
    if (what === 'sick') healthy = false;
    if (what === 'crash' && (value === undefined || value === ${JSON.stringify(name)})) return process.exit(3);
    return response.end('done');
  }
  count += 1;
  if ((count * percent) % 100 < percent && percent > 0) response.statusCode = 500;
  response.end(${JSON.stringify(name)});
}).listen(process.env.PORT, () => console.log('listening as ' + ${JSON.stringify(name)}));
process.on('SIGTERM', () => process.exit(0));
`);
}

/**
 * Answers every path with its name, /slow after 1.5 s. POST /crash ends it with code 3. POST /spoil leaves a mark in its volume at /data,
 * POST /mend removes it: where the mark is, an instance that starts answers 503 to everything.
 */
export function spoilable(name: string): Files {
  const server = `
const fs = require('node:fs');
const mark = '/data/spoilt';
const spoilt = fs.existsSync(mark);
require('node:http').createServer((request, response) => {
  if (spoilt) response.statusCode = 503;
  if (request.url === '/slow') return setTimeout(() => response.end(${JSON.stringify(name)}), 1500);
  if (request.method === 'POST' && request.url === '/crash') return process.exit(3);
  if (request.method === 'POST' && request.url === '/spoil') fs.writeFileSync(mark, '');
  if (request.method === 'POST' && request.url === '/mend') fs.rmSync(mark, { force: true });
  response.end(spoilt ? 'spoilt' : ${JSON.stringify(name)});
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;
  // Whoever writes to a volume has to own it.
  return {
    Dockerfile: 'FROM node:24-slim\nUSER root\nRUN mkdir -p /data\nCOPY server.js .\nCMD ["node", "server.js"]\n',
    'server.js': server,
  };
}

/**
 * Writes `start <name>` to /data/history when it starts, and `stop <name>` when it is told to end, so that the file tells whether two ran
 * at once; a stubborn one then goes on. It listens after `startMs`. GET /history answers with the file, every other request with the name and how long its body was.
 */
export function keeping(
  name: string,
  { startMs = 0, stubborn = false }: { readonly startMs?: number; readonly stubborn?: boolean } = {},
): Files {
  return {
    Dockerfile: 'FROM node:24-slim\nCOPY server.js /server.js\nCMD ["node", "/server.js"]\n',
    'server.js': `
const fs = require('node:fs');
fs.mkdirSync('/data', { recursive: true });
const note = (what) => fs.appendFileSync('/data/history', what + ' ${name}\\n');
note('start');
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/history') return response.end(fs.readFileSync('/data/history'));
  let length = 0;
  request.on('data', (chunk) => (length += chunk.length));
  request.on('end', () => response.end('${name} ' + length));
});
setTimeout(() => server.listen(process.env.PORT), ${startMs});
process.on('SIGTERM', () => {
  note('stop');
  ${stubborn ? '' : 'process.exit(0);'}
});
`,
  };
}

/**
 * `node server.js` answers with the name. `node worker.js` makes /tmp/up when it is up, has a job of `jobMs` to finish when it is told to
 * end, and exits with 7 on SIGUSR2. `node once.js <what> <ms> <code>` adds a line to /data/runs, prints it, and ends so much later with the code.
 */
export function manyProcesses(name: string, files: Files, { jobMs = 0 }: { readonly jobMs?: number } = {}): Files {
  return {
    Dockerfile: `FROM node:24-slim
USER root
RUN mkdir -p /data
COPY *.js ./
CMD ["node", "server.js"]
`,
    'server.js': `
require('node:http').createServer((request, response) => {
  const fs = require('node:fs');
  if (request.url === '/runs') return response.end(fs.existsSync('/data/runs') ? fs.readFileSync('/data/runs') : '');
  response.end('${name}');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
    'worker.js': `
console.log('${name} works');
require('node:fs').writeFileSync('/tmp/up', '');
setInterval(() => {}, 1000);
process.on('SIGUSR2', () => process.exit(7));
process.on('SIGTERM', () => {
  console.log('${name} is told to end');
  setTimeout(() => {
    console.log('${name} has finished its job');
    process.exit(0);
  }, ${jobMs});
});
`,
    'once.js': `
const [what, ms, code] = process.argv.slice(2);
const line = what + ' of ${name} with ' + process.env.GREETING;
require('node:fs').appendFileSync('/data/runs', line + '\\n');
console.log(line);
setTimeout(() => process.exit(Number(code)), Number(ms));
`,
    ...files,
  };
}

/** An npm workspace: `apps/web` answers with what `packages/greeting` says. */
export function workspaceApp(greeting: string): Record<string, string> {
  const version = '1.0.0';
  const workspaces = ['packages/*', 'apps/*'];
  const dependencies = { greeting: version };
  const lock = {
    name: 'mono',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'mono', workspaces },
      'apps/web': { version, dependencies },
      'node_modules/greeting': { resolved: 'packages/greeting', link: true },
      'node_modules/web': { resolved: 'apps/web', link: true },
      'packages/greeting': { version },
    },
  };
  return {
    'package.json': JSON.stringify({ name: 'mono', private: true, workspaces }),
    'package-lock.json': JSON.stringify(lock),
    'packages/greeting/package.json': JSON.stringify({ name: 'greeting', version, main: 'index.js' }),
    'packages/greeting/index.js': `module.exports = '${greeting}';\n`,
    'apps/web/package.json': JSON.stringify({
      name: 'web',
      version,
      scripts: { start: 'node server.js' },
      dependencies,
    }),
    'apps/web/server.js': `
      require('node:http').createServer((_, res) => res.end(require('greeting'))).listen(process.env.PORT);
      process.on('SIGTERM', () => process.exit(0));
    `,
  };
}

/** Answers with how many bytes it was sent, and how many POSTs it has had since its start: `{"bytes":…,"requests":…}`. */
export const counting = app(`
let requests = 0;
require('node:http').createServer((request, response) => {
  if (request.url === '/crash') process.exit(1);
  if (request.url === '/stream') return void setInterval(() => response.write('tick '), 50);
  if (request.method === 'POST') requests += 1;
  let bytes = 0;
  request.on('data', (chunk) => { bytes += chunk.length; });
  request.on('end', () => response.end(JSON.stringify({ bytes, requests })));
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`);

/** After a POST to /spoil the next start ends at once, and the one after that is well. Needs a volume at /data. */
export const failingOneStart: Files = {
  Dockerfile: 'FROM node:24-slim\nUSER root\nRUN mkdir -p /data\nCOPY server.js .\nCMD ["node", "server.js"]\n',
  'server.js': `
const fs = require('node:fs');
const mark = '/data/spoilt';
if (fs.existsSync(mark)) {
  fs.rmSync(mark);
  console.log('the database is locked');
  process.exit(1);
}
require('node:http').createServer((request, response) => {
  if (request.url === '/spoil') fs.writeFileSync(mark, '');
  response.end('well');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
};
