import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

type Files = Readonly<Record<string, string | null>>;

/** What a visitor sees of it is checked by the load client; every version is new, so that it has to be built. */
export function goodApp(): Files {
  return { ...files('server.js'), 'revision.txt': `${randomUUID()}\n`, Dockerfile: null };
}

/** Starts, and never passes the gate. */
export function badApp(): Files {
  const server = `import { createServer } from 'node:http';
createServer((_request, response) => response.writeHead(503).end('db unreachable')).listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`;
  return { ...goodApp(), 'server.js': server };
}

/** Its build takes longer than a test; `mark` is in the command line of what it runs. */
export function slowApp(mark: string): Files {
  return {
    ...goodApp(),
    Dockerfile: `FROM node:24-slim\nRUN : ${mark}; sleep 120; : ${mark}\nCOPY . .\nCMD ["node", "server.js"]\n`,
  };
}

function files(...more: readonly string[]): Record<string, string> {
  const directory = new URL('../bench/apps/bench-app/', import.meta.url);
  return Object.fromEntries(
    ['package.json', ...more].map((name) => [name, readFileSync(new URL(name, directory), 'utf8')]),
  );
}
