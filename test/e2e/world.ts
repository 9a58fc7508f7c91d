import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { RouteTarget } from '../../src/domain/route.ts';
import type { TestPlatform } from '../harness/platform.ts';

/** What a platform has outside its database: to see that nothing is left behind, and nothing missing. */
const docker = new Docker();

/** Containers of the platform, also stopped ones; of one project where it is named. */
export function containersOf(platform: TestPlatform, project?: string): Promise<Docker.ContainerInfo[]> {
  const label = [`cutover.platform=${platform.platformId}`];
  if (project !== undefined) label.push(`cutover.project=${project}`);
  return new Docker({ socketPath: platform.config.dockerSocket }).listContainers({ all: true, filters: { label } });
}

/** Images that the deployment of this id built. */
export function imagesOf(deploymentId: string): Promise<Docker.ImageInfo[]> {
  return docker.listImages({ filters: { label: [`cutover.deployment=${deploymentId}`] } });
}

interface RouterState {
  readonly routes: readonly (readonly [string, RouteTarget])[];
  readonly servers: readonly { readonly slot: number; readonly server: { readonly address?: string } }[];
}

/** What the router would come up with after a restart. */
export async function routerState(platform: TestPlatform): Promise<RouterState> {
  return JSON.parse(await readFile(join(platform.dataDir, 'router', 'state.json'), 'utf8')) as RouterState;
}

/** Addresses at which the router has instances, and those at which containers of the platform are; both sorted. */
export async function addresses(platform: TestPlatform): Promise<{ router: string[]; containers: string[] }> {
  const [{ servers }, containers] = [await routerState(platform), await containersOf(platform)];
  return {
    router: servers.flatMap(({ server }) => server.address ?? []).toSorted(),
    containers: containers
      .flatMap(({ NetworkSettings }) => Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress))
      .toSorted(),
  };
}

/** Work trees on disk, each under the id of its deployment. */
export function checkouts(platform: TestPlatform): Promise<string[]> {
  return readdir(join(platform.dataDir, 'source', 'checkouts'));
}
