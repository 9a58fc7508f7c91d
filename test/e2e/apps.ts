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
