import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';
import { settleAll } from './settle-all.ts';
import type { ToolRun } from './run-tool.ts';
import type { MachineInputs } from './recipe.ts';

/** Where the trusted certificates are in every base image. */
export const certificatesPath = '/etc/ssl/certs/ca-certificates.crt';

/** The user apps may run as; the same id as in the official Node images. */
export const nodeUserId = 1000;

const directories = [
  'usr/bin',
  'usr/sbin',
  'usr/lib',
  'usr/lib64',
  'etc/ssl/certs',
  'root',
  'proc',
  'sys',
  'dev',
  'run',
];
const merged = ['bin', 'sbin', 'lib', 'lib64'];

const files: Readonly<Record<string, string>> = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    `node:x:${nodeUserId}:${nodeUserId}::/home/node:/bin/sh`,
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    '',
  ].join('\n'),
  'etc/group': `root:x:0:\ntty:x:5:\nnode:x:${nodeUserId}:\nnogroup:x:65534:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
};

/** The tree every package is unpacked onto: merged `/usr` first, since a link cannot take the place of a directory later. */
export async function writeSkeleton(root: string, machine: MachineInputs): Promise<void> {
  await settleAll(
    [...directories, 'home/node', 'var/tmp', 'tmp'].map((path) => mkdir(join(root, path), { recursive: true })),
  );
  await settleAll(merged.map((name) => symlink(`usr/${name}`, join(root, name))));
  await settleAll(['tmp', 'var/tmp'].map((path) => chmod(join(root, path), 0o1777)));
  await settleAll(Object.entries(files).map(([path, text]) => writeFile(join(root, path), text)));
  await writeFile(join(root, 'etc/os-release'), machine.osRelease);
  if (machine.certificates !== null) await writeFile(join(root, certificatesPath), machine.certificates);
}

/** One link per applet of busybox, so that `sh`, `env`, `ls` … are where scripts expect them. */
export async function linkApplets(root: string, run: ToolRun): Promise<void> {
  const listing = await runTool(join(root, 'usr/bin/busybox'), ['--list-full'], run);
  const paths = listing.split('\n').filter((line) => line.includes('/') && !line.endsWith('/busybox'));
  await settleAll(paths.map((path) => linkApplet(root, path)));
}

async function linkApplet(root: string, path: string): Promise<void> {
  // Through `usr/`, as the merged links would resolve.
  const target = join(root, path.startsWith('usr/') ? path : `usr/${path}`);
  await symlink('/usr/bin/busybox', target).catch((error: NodeJS.ErrnoException) => {
    // A package brought the real program.
    if (error.code !== 'EEXIST') throw error;
  });
}
