import { once } from 'node:events';
import Docker from 'dockerode';
import { packContext } from '../../../src/drivers/build/buildkit/build-context.ts';
import { benchLabel, socketPath } from './app-builds.ts';

const docker = new Docker({ socketPath });

/**
 * As people write it who have read no more than the first page about Docker. Not `npm ci`: where a registry lacks packages that are optional, for other
 * systems, it refuses the lock file that npm has made there.
 */
const plainDockerfile = [
  'FROM node:24-slim',
  'WORKDIR /app',
  'COPY . .',
  'RUN npm install',
  'RUN npm run build',
  'CMD ["npm","start"]',
  '',
].join('\n');

/** The directory by a plain Dockerfile and Docker's builder from before BuildKit. Resolves to seconds. */
export async function buildClassic(directory: string, run: string): Promise<number> {
  const startedAt = performance.now();
  const context = await packContext(directory, plainDockerfile);
  const answer = await docker.buildImage(context.tar, {
    t: `cutover-bench-build-apps:classic-${run.slice(0, 8)}`,
    dockerfile: context.dockerfileName,
    labels: { [benchLabel]: run },
  });
  let text = '';
  answer.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-4_000)));
  await once(answer, 'end');
  if (!text.includes('Successfully built')) throw new Error(`the classic builder failed: ${text}`);
  return (performance.now() - startedAt) / 1000;
}
