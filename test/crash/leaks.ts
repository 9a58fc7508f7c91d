import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import Docker from 'dockerode';
import { createHaproxyRouter } from '../../src/drivers/router/haproxy/haproxy-router.ts';
import type { TestPlatform } from '../harness/platform.ts';
import { checkouts, containersOf, routerState } from '../e2e/world.ts';
import type { Records } from './records.ts';

const docker = new Docker();

/** Looks from outside, when nothing is being done: everything that exists is what the database says, and nothing else. One sentence each. */
export async function findLeaks(platform: TestPlatform, records: Records): Promise<readonly string[]> {
  const recorded = await records.read();
  const parts = await Promise.all([
    containers(platform, recorded),
    networks(platform),
    router(platform, recorded),
    images(platform, recorded),
    files(platform, recorded),
  ]);
  return [...recorded.unfinished, ...parts.flat()];
}

type Recorded = Awaited<ReturnType<Records['read']>>;

async function containers(platform: TestPlatform, { instances }: Recorded): Promise<string[]> {
  const found = await containersOf(platform);
  const wanted = new Set(instances.map(({ id }) => id));
  const there = new Map(found.map((container) => [container.Labels['cutover.instance'] ?? '', container]));
  return [
    ...[...there]
      .filter(([id]) => !wanted.has(id))
      .map(([, { Names }]) => `container ${Names.join()} belongs to nothing`),
    ...instances.filter(({ id }) => there.get(id)?.State !== 'running').map(({ id }) => `instance ${id} does not run`),
    ...(there.size === found.length ? [] : ['an instance has two containers']),
  ];
}

async function networks(platform: TestPlatform): Promise<string[]> {
  const filters = { label: [`cutover.platform=${platform.platformId}`] };
  const found = await docker.listNetworks({ filters });
  return found.length === 1 ? [] : [`there are ${found.length} networks for one project`];
}

/** What HAProxy has, and what it would come up with. */
async function router(platform: TestPlatform, recorded: Recorded): Promise<string[]> {
  const wanted = {
    routes: recorded.routes.map(({ host, slot }) => `${host} to slot ${slot}`).toSorted(),
    servers: recorded.instances.map(({ slot, endpoint }) => `${endpoint} in slot ${slot}`).toSorted(),
  };
  const stored = await routerState(platform);
  const live = await snapshot(platform);
  const states = {
    disk: {
      routes: stored.routes.map(([host, target]) => `${host} to slot ${target.stable}`),
      servers: stored.servers.map(({ slot, server }) => `${endpointOf(server)} in slot ${slot}`),
    },
    HAProxy: {
      routes: [...live.routes].map(([host, target]) => `${host} to slot ${target.stable}`),
      servers: live.servers.map(({ slot, endpoint }) => `${endpoint} in slot ${slot}`),
    },
  };
  return Object.entries(states).flatMap(([where, state]) =>
    (['routes', 'servers'] as const).flatMap((what) => {
      const have = state[what].toSorted().join(', ');
      return have === wanted[what].join(', ')
        ? []
        : [`${what} in ${where}: ${have}; wanted: ${wanted[what].join(', ')}`];
    }),
  );
}

function endpointOf(server: object): string {
  return 'address' in server && 'port' in server ? `${String(server.address)}:${String(server.port)}` : 'static';
}

async function snapshot({ config, dataDir }: TestPlatform) {
  const reader = await createHaproxyRouter({
    dir: join(dataDir, 'router'),
    haproxyBin: config.haproxyBin,
    supervisePath: '',
    binds: [],
    staticEndpoint: `unix@${join(dataDir, 'static', 'nginx.sock')}`,
  });
  return reader.snapshot(AbortSignal.timeout(10_000));
}

async function images(platform: TestPlatform, { imageIds }: Recorded): Promise<string[]> {
  const filters = { label: [`cutover.platform=${platform.platformId}`] };
  const known = new Set(imageIds);
  const strays = (await docker.listImages({ filters })).filter(({ Id }) => !known.has(Id));
  return strays.map(({ Id, RepoTags, Labels }) => {
    const tags = RepoTags?.join() ?? 'without a name';
    return `image ${Id.slice(7, 19)} (${tags}) of deployment ${Labels['cutover.deployment']} belongs to nothing`;
  });
}

/** Work trees, and files that were to be only for a moment. */
async function files({ dataDir, ...platform }: TestPlatform, { deploymentIds }: Recorded): Promise<string[]> {
  const trees = await checkouts({ dataDir, ...platform });
  const all = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const names = all
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('postgres/'));
  const temporary = names.filter(
    (name) => /\.tmp$|\.new$|\.lock$|tmp_|^static\/incoming\/.|^uploads\/./.test(name) && !isKept(name),
  );
  const logs = names.flatMap((name) => /^logs\/deployments\/([^/]+)$/.exec(name)?.[1] ?? []);
  return [
    ...trees.map((owner) => `the work tree of ${owner} is left`),
    ...temporary.map((name) => `the file ${name} is left`),
    ...logs.filter((id) => !deploymentIds.includes(id)).map((id) => `logs of ${id}, which does not exist, are left`),
  ];
}

/** Held by the processes that run. */
function isKept(name: string): boolean {
  return name === 'control-plane.lock' || name.endsWith('.pid.lock');
}
