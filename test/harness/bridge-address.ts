import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { dockerSocket } from './images.ts';

/**
 * IPv4 address of the machine on Docker's default bridge, which no other machine can reach. Docker itself tells it only from its second start
 * on, and Node only while a container is there.
 */
export async function bridgeAddress(): Promise<string> {
  const { Options } = await new Docker({ socketPath: dockerSocket }).getNetwork('bridge').inspect();
  const name = Options?.['com.docker.network.bridge.name'] ?? 'docker0';
  const { stdout } = await promisify(execFile)('ip', ['-4', '-json', 'address', 'show', 'dev', name]);
  const [shown] = JSON.parse(stdout) as readonly { readonly addr_info: readonly { readonly local: string }[] }[];
  const address = shown?.addr_info[0]?.local;
  if (address === undefined) throw new Error(`the interface ${name} has no address`);
  return address;
}
