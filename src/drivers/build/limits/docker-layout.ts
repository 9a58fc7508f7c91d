import { z } from 'zod';
import { CutoverError } from '../../../domain/errors.ts';
import { createDockerApi, messageOf } from '../buildkit/docker-api.ts';
import type { CgroupLayout } from './limit-files.ts';

const info = z.object({ CgroupVersion: z.enum(['1', '2']).default('1'), CgroupDriver: z.string() });

/** How Docker Engine keeps control groups; that changes with the machine only, so it is asked once. Error: `runtime_unavailable`. */
export function dockerCgroups(socketPath: string): (signal: AbortSignal) => Promise<CgroupLayout> {
  const docker = createDockerApi(socketPath);
  let known: CgroupLayout | null = null;
  return async (signal) => {
    if (known !== null) return known;
    const { status, body } = await docker.call({ method: 'GET', path: '/info', signal });
    if (status !== 200) throw new CutoverError('runtime_unavailable', `Docker Engine: ${messageOf(body)}`);
    const { CgroupVersion, CgroupDriver } = info.parse(body);
    known = { version: CgroupVersion === '2' ? 2 : 1, driver: CgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs' };
    return known;
  };
}
