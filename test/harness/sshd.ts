import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SshServer extends AsyncDisposable {
  /** `ssh://root@127.0.0.1:<port>`; a path on this machine follows. */
  readonly url: string;
  /** As a credential names it. */
  readonly host: string;
  /** A key that the server takes. */
  readonly key: string;
  /** One that it does not. */
  readonly strangeKey: string;
  /** From now on it is another server. */
  changeHostKey(): Promise<void>;
}

/**
 * OpenSSH's own server, one process for each connection, on a port of the system's choice. Needs root. Where it is not installed its
 * package is unpacked into a directory of the test's own, and the user and directory that it wants exist in its mount namespace only.
 */
export async function startSshServer(): Promise<SshServer> {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-test-sshd-'));
  const children = new Set<ChildProcess>();
  const sshd = await findSshd(dir);
  const [key, strangeKey] = await Promise.all(['key', 'strange'].map((name) => makeKey(join(dir, name))));
  await makeKey(join(dir, 'host'));
  await writeFile(join(dir, 'config'), configuration(dir));
  await writeFile(
    join(dir, 'passwd'),
    `${await readFile('/etc/passwd', 'utf8')}sshd:x:9999:65534::/run/sshd:/bin/false\n`,
  );
  const server = createServer((socket) => children.add(serve(socket, dir, sshd)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `ssh://root@${place}`,
    host: `ssh://${place}`,
    key: key ?? '',
    strangeKey: strangeKey ?? '',
    changeHostKey: async () => {
      await rm(join(dir, 'host'));
      await makeKey(join(dir, 'host'));
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) child.kill('SIGKILL');
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

interface Sshd {
  readonly program: string;
  readonly libraries: string;
}

async function findSshd(dir: string): Promise<Sshd> {
  try {
    await access('/usr/sbin/sshd');
    return { program: '/usr/sbin/sshd', libraries: '' };
  } catch {
    await run('apt-get', ['download', 'openssh-server', 'libwrap0'], { cwd: dir });
  }
  const root = join(dir, 'root');
  const packages = (await readdir(dir)).filter((name) => name.endsWith('.deb'));
  for (const name of packages) await run('dpkg-deb', ['-x', join(dir, name), root]);
  const arch = (await readdir(join(root, 'usr/lib'))).find((name) => name.includes('linux-gnu')) ?? '';
  return { program: join(root, 'usr/sbin/sshd'), libraries: join(root, 'usr/lib', arch) };
}

/** Resolves to the private key. */
async function makeKey(path: string): Promise<string> {
  await rm(`${path}.pub`, { force: true });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
  return readFile(path, 'utf8');
}

function configuration(dir: string): string {
  return [
    `HostKey ${join(dir, 'host')}`,
    `AuthorizedKeysFile ${join(dir, 'key.pub')}`,
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'AcceptEnv GIT_PROTOCOL',
    '',
  ].join('\n');
}

/** Of util-linux, which every machine has. */
const unshare = 'unshare';
const inOwnNamespace =
  'mount --bind "$1/passwd" /etc/passwd && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && exec "$2" -i -e -f "$1/config"';

function serve(socket: Socket, dir: string, { program, libraries }: Sshd): ChildProcess {
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', inOwnNamespace, 'sh', dir, program];
  const child = spawn(unshare, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LD_LIBRARY_PATH: libraries },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  socket.pipe(child.stdin).on('error', () => socket.destroy());
  child.stdout.pipe(socket).on('error', () => child.kill());
  socket.on('error', () => child.kill());
  return child;
}
