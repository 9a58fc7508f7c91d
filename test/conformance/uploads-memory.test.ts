import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { uploadsConformance } from './uploads.ts';

uploadsConformance('in memory', async () => {
  const random = { id: () => randomUUID(), number: () => 0.5 };
  const world = new MemoryWorld({ clock: systemClock, random });
  const { uploads } = memoryDrivers(world, { clock: systemClock, random });
  return {
    uploads,
    read: async (path) => world.uploads.read(path)?.toString() ?? '',
    [Symbol.asyncDispose]: async () => world.end(),
  };
});
