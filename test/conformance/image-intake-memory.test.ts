import { createHash, randomUUID } from 'node:crypto';
import { appThat, wellBehaved } from '../simulation/memory/app-behaviour.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import type { Image } from '../simulation/memory/runtime/images.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { imageIntakeConformance, never } from './image-intake.ts';

imageIntakeConformance('in memory', async () => {
  const random = { id: () => randomUUID(), number: () => 0.5 };
  const world = new MemoryWorld({ clock: systemClock, random });
  const { imageIntake: intake, runtime } = memoryDrivers(world, { clock: systemClock, random });
  let made = 0;
  const image = (): Image => {
    made += 1;
    const imageId = `sha256:${createHash('sha256').update(`image ${made}`).digest('hex')}`;
    return { imageId, sizeBytes: 1, exposedPorts: [3000], labels: {}, app: appThat(wellBehaved), files: new Map() };
  };
  const inside = image();
  world.imageIn = (tarball) => (tarball.toString() === 'tarball' ? inside : null);
  const put = (content: string) => {
    const id = randomUUID();
    world.uploads.put(id, Buffer.from(content));
    return `/uploads/${id}`;
  };
  return {
    intake,
    right: { username: 'bob', password: 's3cretpass' },
    missing: 'registry.test/none:1',
    async push(name, credential) {
      const offered = { image: image(), password: credential?.password ?? null };
      const digest = `sha256:${createHash('sha256').update(`manifest ${offered.image.imageId}`).digest('hex')}`;
      world.registries.push(`registry.test/${name}`, { ...offered, digest });
      return { reference: `registry.test/${name}`, digest, imageId: offered.image.imageId };
    },
    tarball: async () => ({ path: put('tarball'), imageId: inside.imageId }),
    noTarball: async () => put('something'),
    inspect: (ref) => runtime.inspectImage(ref, never),
    [Symbol.asyncDispose]: async () => world.end(),
  };
});
