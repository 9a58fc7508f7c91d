import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { freePort } from './haproxy.ts';
import { baseImage, dockerSocket } from './images.ts';

const docker = new Docker({ socketPath: dockerSocket });

export const registryUser = { username: 'bob', password: 's3cretpass' };
/** The same, as `htpasswd -B` writes it. */
const htpasswd = 'bob:$2y$05$z3Yvl5ifEeqR5s0RBhSbkeFAjbguHegoepl4npR/dke119F48N4K2\n';

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`, which Docker speaks plain HTTP to. */
  readonly host: string;
  /** Gives the image this name (`team/app:1`) at the registry; resolves to its digest. Nothing of it stays on the machine. */
  push(imageId: string, name: string): Promise<string>;
}

/** Debian's `docker-registry` on a port and in a directory of its own; with `asks` it wants `registryUser`. */
export async function startRegistry({ asks = false } = {}): Promise<TestRegistry> {
  const dir = await mkdtemp('/tmp/cutover-test-registry-');
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(dir, 'config.json');
  const auth = { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } };
  await writeFile(join(dir, 'htpasswd'), htpasswd);
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      http: { addr: host },
      ...(asks ? { auth } : {}),
    }),
  );
  const server = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const exited = once(server, 'exit');
  await untilItAnswers(host);
  return {
    host,
    push: (imageId, name) => push(imageId, `${host}/${name}`),
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function untilItAnswers(host: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const status = await fetch(`http://${host}/v2/`).then(
      (answer) => answer.status,
      () => null,
    );
    if (status !== null) return;
    await sleep(50);
  }
  throw new Error('the registry does not answer');
}

async function push(imageId: string, reference: string): Promise<string> {
  const colon = reference.lastIndexOf(':');
  await docker.getImage(imageId).tag({ repo: reference.slice(0, colon), tag: reference.slice(colon + 1) });
  const image = docker.getImage(reference);
  // Docker wants it also where nobody asks for it.
  const authconfig = { ...registryUser, serveraddress: reference.split('/')[0] ?? '' };
  const stream = await image.push({ authconfig });
  let said = '';
  for await (const chunk of stream) said += String(chunk);
  const digest = /"Digest":"(sha256:[0-9a-f]{64})"/.exec(said)?.[1];
  await image.remove();
  if (digest === undefined) throw new Error(`the image was not pushed: ${said.slice(-500)}`);
  return digest;
}

/** A small image whose process answers every request with `text`; unless it is removed before, it is in the end. */
export async function answeringImage(text: string): Promise<TestImage> {
  const name = `cutover-test-image-${randomBytes(6).toString('hex')}`;
  const Image = await baseImage('static');
  // A layer of its own, so that there is something to pull.
  const write = `mkdir /answers && echo -n '${text}' > /answers/index.html && head -c 300000 /dev/urandom > /answers/noise`;
  const container = await docker.createContainer({ Image, Cmd: ['sh', '-c', write] });
  try {
    await container.start();
    await container.wait();
    const changes = ['EXPOSE 3000', 'CMD ["httpd", "-f", "-p", "3000", "-h", "/answers"]'].join('\n');
    await container.commit({ repo: name, changes });
  } finally {
    await container.remove();
  }
  const { Id } = await docker.getImage(name).inspect();
  let isThere = true;
  const remove = async () => {
    if (isThere) await docker.getImage(name).remove();
    isThere = false;
  };
  return { imageId: Id, remove, [Symbol.asyncDispose]: remove };
}

export interface TestImage extends AsyncDisposable {
  readonly imageId: string;
  /** From the machine, unless somebody else has a name for it. */
  remove(): Promise<void>;
}
