import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const { PORT = '3000', CUTOVER_PROJECT, CUTOVER_ENVIRONMENT, CUTOVER_DEPLOYMENT, CUTOVER_COMMIT } = process.env;

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(
    `${JSON.stringify({
      hello: 'world',
      version,
      project: CUTOVER_PROJECT,
      environment: CUTOVER_ENVIRONMENT,
      deployment: CUTOVER_DEPLOYMENT,
      commit: CUTOVER_COMMIT,
      path: request.url,
    })}\n`,
  );
});

server.listen(Number(PORT), '0.0.0.0', () => console.log(`hello-node ${version} listens on ${PORT}`));

// Finish what is under way, then exit.
process.on('SIGTERM', () => {
  console.log('SIGTERM: finishing');
  server.close(() => process.exit(0));
});
