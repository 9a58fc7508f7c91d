import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { logName, logsConformance } from './logs.ts';

logsConformance('memory', async () => {
  const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1) });
  const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
  const death = new AbortController();
  const open = (life?: AbortSignal) =>
    memoryDrivers(world, { clock: systemClock, random, ...(life === undefined ? {} : { life }) }).logs;
  return {
    logs: open(death.signal),
    reopened: () => open(),
    crash: async () => {
      death.abort(new Error('killed'));
      return open();
    },
    stored: async () => (world.logs.get(logName)?.entries ?? []).map((entry) => JSON.stringify(entry)).join('\n'),
    [Symbol.asyncDispose]: async () => world.end(),
  };
});
