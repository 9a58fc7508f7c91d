import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { treeOf } from '../harness/git-server-source.ts';
import { staticFilesConformance } from './static-files.ts';

const url = 'https://git.example/site.git';

staticFilesConformance('memory', async () => {
  const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1) });
  const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
  const { staticFiles, source } = memoryDrivers(world, { clock: systemClock, random });
  const signal = AbortSignal.timeout(60_000);
  return {
    files: staticFiles,
    directory: async (name, files) => {
      const { sha } = world.repositories.at(url).push('main', { files });
      return (await source.checkout(treeOf(url, sha, name), () => {}, signal)).path;
    },
    missing: '/checkouts/nobody',
    leftovers: async () => [],
    [Symbol.asyncDispose]: async () => world.end(),
  };
});
