/** `is-gone.mjs <platform id> <project>`: exits 0 when Docker has no container and no network of that project any more, else 1. */
import Docker from 'dockerode';

const [platform, project] = process.argv.slice(2);
const docker = new Docker({ socketPath: process.env.CUTOVER_DOCKER_SOCKET ?? '/var/run/docker.sock' });
const filters = { label: [`cutover.platform=${platform}`, `cutover.project=${project}`] };
const [containers, networks] = await Promise.all([
  docker.listContainers({ all: true, filters }),
  docker.listNetworks({ filters }),
]);
process.exitCode = containers.length + networks.length === 0 ? 0 : 1;
