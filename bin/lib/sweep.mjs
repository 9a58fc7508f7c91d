/**
 * Removes from Docker what Cutover made, and nothing else:
 *   sweep.mjs --tests           what test platforms made: the label `cutover.platform` begins with `test-`
 *   sweep.mjs --platform <id>   what one platform made: the label is exactly this
 *   sweep.mjs --base-images     the base images assembled on this machine, with all their names
 */
import Docker from 'dockerode';

const [mode, id] = process.argv.slice(2);
const docker = new Docker({ socketPath: process.env.CUTOVER_DOCKER_SOCKET ?? '/var/run/docker.sock' });
const label = 'cutover.platform';
const absent = 404;
const left = [];

if (mode === '--tests') await removeLabelled((value) => value.startsWith('test-'));
else if (mode === '--platform' && id) await removeLabelled((value) => value === id);
else if (mode === '--base-images') await removeBaseImages();
else throw new Error('usage: sweep.mjs --tests | --platform <id> | --base-images');

for (const line of left) console.error(`left behind: ${line}`);
if (left.length > 0) process.exitCode = 1;

async function removeLabelled(isWanted) {
  const filters = { label: [label] };
  const wanted = (things) => things.filter((thing) => isWanted(thing.Labels?.[label] ?? ''));
  await removeEach('container', wanted(await docker.listContainers({ all: true, filters })), (container) =>
    docker.getContainer(container).remove({ force: true, v: true }),
  );
  await removeEach('network', wanted(await docker.listNetworks({ filters })), (network) =>
    docker.getNetwork(network).remove(),
  );
  await removeEach('image', wanted(await docker.listImages({ filters })), removeImage);
}

/** By name, not by label: images built on them inherit their labels. */
async function removeBaseImages() {
  const images = await docker.listImages({ filters: { reference: ['cutover/base-*'] } });
  await removeEach('image', images, removeImage);
}

function removeImage(image) {
  return docker.getImage(image).remove({ force: true });
}

async function removeEach(what, things, act) {
  for (const thing of things) {
    try {
      await act(thing.Id);
    } catch (error) {
      if (error.statusCode !== absent) left.push(`${what} ${thing.Id}: ${error.message}`);
    }
  }
}
