import { startPlatform } from '../harness/platform.ts';
import { createBenchRepository } from './bench-repository.ts';
import { atMost, type Bench } from './figure.ts';
import { PlatformApi } from './platform-api.ts';

const bench = 'build';

/** The build stage of a commit that was built before: from its trigger on, so with the queue and a look at the repository. */
export const measureRedeploy: Bench = async ({ quick, say }) => {
  await using platform = await startPlatform();
  await using repository = await createBenchRepository();
  const api = new PlatformApi(platform, 'bench');
  await api.createProject(repository.url);
  await api.setSettings({ observationMs: 0 });
  await api.deploy();
  const seconds: number[] = [];
  for (let round = 0; round < (quick ? 3 : 10); round += 1) {
    const { number, createdAt } = await api.deploy();
    const built = (await api.timeline(number)).find(({ event }) => event.kind === 'build.completed');
    if (built === undefined) throw new Error('the redeploy had no build stage');
    seconds.push((Date.parse(built.at) - Date.parse(createdAt)) / 1_000);
  }
  say(
    `from trigger to the end of the build stage, ${seconds.length} redeploys: ${seconds.map((one) => one.toFixed(3)).join(', ')} s`,
  );
  const worst = Math.max(...seconds);
  return [
    atMost(0.2, {
      bench,
      metric: 'unchanged commit: trigger to the end of the build stage, worst',
      value: worst,
      unit: 's',
    }),
  ];
};
