import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { createDockerRuntime } from '../../src/drivers/runtime/docker/docker-runtime.ts';
import { baseImage, dockerSocket } from '../harness/images.ts';
import type { Errand, Program, RuntimeUnderTest } from './runtime-world.ts';

export const docker = new Docker({ socketPath: dockerSocket });
export const silent = { info: () => {}, warn: () => {}, error: () => {} };

const scripts: Record<Program, string> = {
  serve: 'httpd -p 127.0.0.1:4000; exec httpd -f -p 3000 -h /etc',
  'exit-3': 'echo last words; exit 3',
  chatter: 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo out $i; echo err $i >&2; done; exec sleep 1000',
  'long-line': "head -c 100000 /dev/zero | tr '\\0' x; echo; echo after; exec sleep 1000",
  stubborn: "trap '' TERM; echo ready; while :; do sleep 1; done",
  polite: "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done",
  hungry: 'x=0123456789abcdef; while :; do x=$x$x; done',
  flaky: 'echo up; sleep 0.3; exit 1',
  busy: 'head -c 50000000 /dev/zero > /dev/shm/held; head -c 40000000 /dev/zero > /tmp/cached; echo ready; while :; do :; done',
};

const errands: Record<Exclude<Errand, 'absent'>, string> = {
  greet: 'echo out $GREETING; echo err >&2; exit 5',
  flood: 'yes é | head -c 3000000',
  hang: 'echo waiting; sleep 54321 & wait',
  silent: 'exec >&- 2>&-; sleep 0.3; exit 4',
  processes: 'ps',
  write: 'echo kept > /data/word',
  read: 'cat /data/word',
};

export interface DockerWorld extends RuntimeUnderTest {
  readonly platformId: string;
  /** An image the test has made. */
  removeAtEnd(imageId: string): void;
}

/** A platform of the test's own; everything that carries its label is removed in the end. */
export async function createWorld(networkPool = '10.211.0.0/16'): Promise<DockerWorld> {
  const platformId = `test-${randomBytes(4).toString('hex')}`;
  const images: string[] = [];
  return {
    platformId,
    removeAtEnd: (imageId) => images.push(imageId),
    runtime: createDockerRuntime({ socketPath: dockerSocket, platformId, networkPool, log: silent }),
    imageId: await baseImage('static'),
    command: (program) => shell(scripts[program]),
    errand: (errand) => (errand === 'absent' ? ['no-such-program'] : shell(errands[errand])),
    [Symbol.asyncDispose]: async () => {
      await removeEverythingOf(platformId);
      for (const imageId of images) await docker.getImage(imageId).remove();
    },
  };
}

export function shell(script: string): readonly string[] {
  return ['sh', '-c', script];
}

async function removeEverythingOf(platformId: string): Promise<void> {
  const filters = { label: [`cutover.platform=${platformId}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  const { Volumes: volumes } = await docker.listVolumes({ filters });
  await Promise.all((volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove()));
  const networks = await docker.listNetworks({ filters });
  await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove()));
}

/** A socket before Docker's whose connections can be cut. */
export async function dockerProxy() {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-test-docker-'));
  const socketPath = join(directory, 'docker.sock');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(dockerSocket);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => near.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    socketPath,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
