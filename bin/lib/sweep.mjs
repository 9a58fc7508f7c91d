/**
 * Removes containers, networks and images by their label `cutover.platform`, and nothing without it:
 *   sweep.mjs --tests           those of test platforms: the label begins with `test-`
 *   sweep.mjs --platform <id>   those of one platform
 *   sweep.mjs --base-images     the base images assembled on this machine, with all their names
 */
import Docker from 'dockerode';

const [mode, id] = process.argv.slice(2);
const label = mode === '--base-images' ? 'cutover.recipe' : 'cutover.platform';
const isWanted = {
  '--tests': (value) => value.startsWith('test-'),
  '--platform': (value) => value === id && value !== '',
  '--base-images': (value) => value !== '',
}[mode];
if (isWanted === undefined) throw new Error('usage: sweep.mjs --tests | --platform <id> | --base-images');

const docker = new Docker();
const filters = { label: [label] };
const absent = 404;
const left = [];

async function remove(what, things, act) {
  for (const thing of things) {
    if (!isWanted(thing.Labels?.[label] ?? '')) continue;
    try {
      await act(thing.Id);
    } catch (error) {
      if (error.statusCode !== absent) left.push(`${what} ${thing.Id}: ${error.message}`);
    }
  }
}

await remove('container', await docker.listContainers({ all: true, filters }), (container) =>
  docker.getContainer(container).remove({ force: true, v: true }),
);
await remove('network', await docker.listNetworks({ filters }), (network) => docker.getNetwork(network).remove());
await remove('image', await docker.listImages({ all: true, filters }), (image) =>
  docker.getImage(image).remove({ force: true }),
);
for (const line of left) console.error(`left behind: ${line}`);
if (left.length > 0) process.exitCode = 1;
