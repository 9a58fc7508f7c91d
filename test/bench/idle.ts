import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform } from '../harness/platform.ts';
import { createBenchRepository } from './bench-repository.ts';
import { atMost, type Bench } from './figure.ts';
import { PlatformApi } from './platform-api.ts';
import { usageOf } from './process-usage.ts';

const bench = 'idle';

/** What the platform uses while one deployed app waits for visitors. The app itself is not counted. */
export const run: Bench = async ({ quick, say }) => {
  // As many slots as an installation has.
  await using platform = await startPlatform({ slots: 1_000 });
  await using repository = await createBenchRepository();
  const api = new PlatformApi(platform, 'bench');
  await api.createProject(repository.url);
  await api.deploy();
  const seconds = quick ? 10 : 60;
  say(`deployed; ${seconds} s to settle, then ${seconds} s of measuring`);
  await sleep(seconds * 1_000);

  const { controlPlane, others } = platform.pids;
  const [before, startedAt] = [await usageOf([controlPlane, ...others]), performance.now()];
  await sleep(seconds * 1_000);
  const [after, elapsedMs] = [await usageOf([controlPlane, ...others]), performance.now() - startedAt];
  // The others are children of the process that started them, until it ends.
  const controlPlaneMb = after.pssMb - (await usageOf(others)).pssMb;
  return [
    atMost(150, { bench, metric: 'control plane', value: controlPlaneMb, unit: 'MB (PSS)' }),
    atMost(300, { bench, metric: 'everything', value: after.pssMb, unit: 'MB (PSS)' }),
    atMost(2, {
      bench,
      metric: 'CPU of everything',
      value: ((after.cpuSeconds - before.cpuSeconds) / elapsedMs) * 100_000,
      unit: '% of a core',
    }),
  ];
};
