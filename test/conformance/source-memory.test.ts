import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { sourceConformance } from './source.ts';

const url = 'https://git.example/app.git';

sourceConformance('memory', async () => {
  const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1) });
  const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
  const open = () => memoryDrivers(world, { clock: systemClock, random }).source;
  const { repositories, checkouts } = world;
  const repository = repositories.at(url);
  const below = (path: string) => {
    const place = checkouts.resolve(path) ?? assert.fail(`there is nothing at ${path}`);
    return place.commit.filesBelow(place.directory) ?? assert.fail(`there is no directory at ${path}`);
  };
  return {
    source: open(),
    strict: async () => open(),
    url,
    otherUrl: 'https://git.example/none.git',
    commit: async (changes, { branch = 'main', message = 'a change' } = {}) => {
      const all = Object.entries({ ...repository.head(branch)?.files, ...changes });
      const files = Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
      return repository.push(branch, { files, message, author: 'Test Author' }).sha;
    },
    forgetBranch: async (branch) => repository.deleteBranch(branch),
    requests: () => repositories.requests,
    sent: async (archive) => {
      const id = randomUUID();
      world.uploads.put(id, archive);
      return `/uploads/${id}`;
    },
    demand: (token) => {
      repository.token = token;
    },
    read: async (path, name) => below(path).get(name) ?? assert.fail(`there is no ${name}`),
    names: async (path) => [...new Set([...below(path).keys()].map((name) => name.split('/', 1)[0] ?? ''))],
    [Symbol.asyncDispose]: async () => world.end(),
  };
});
