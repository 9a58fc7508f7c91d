import { findPlanted, plantSecrets, tellingBuild } from '../harness/planted-secrets.ts';
import { startGitServer } from '../harness/git-server.ts';
import { startPlatform } from '../harness/platform.ts';
import { atLeast, atMost, type Bench } from './figure.ts';
import { PlatformApi } from './platform-api.ts';

const bench = 'build';
const planted = 20;

/** A build that has 20 secrets and tells them all, in every spelling: where any of them can be found afterwards. */
export const measureSecrets: Bench = async ({ say }) => {
  await using platform = await startPlatform();
  await using git = await startGitServer();
  const repository = await git.createRepository('telling');
  await repository.commit({
    'package.json': JSON.stringify({ name: 'telling', scripts: { build: 'node build.js', start: 'node server.js' } }),
    'build.js': tellingBuild,
    'server.js': `require('node:http').createServer((_, r) => r.end('ok')).listen(process.env.PORT);`,
  });
  const api = new PlatformApi(platform, 'telling');
  await api.createProject(repository.url);
  await api.setSettings({ observationMs: 0 });
  await api.setBuildSecrets(plantSecrets(planted));
  const { number } = await api.deploy();
  const { deployment } = await api.detail(number);
  const { artifact } = deployment;
  if (artifact?.type !== 'image') throw new Error('no image was built');
  const log = await api.log(number, 'BuildImageJob');
  const found = await findPlanted(platform, [artifact.imageId]);
  for (const place of found) say(`found in ${place}`);
  return [
    atLeast(planted, { bench, metric: 'secrets: told by the build', value: told(log), unit: 'secrets' }),
    atMost(0, { bench, metric: 'secrets: places in which one is found', value: found.length, unit: 'places' }),
  ];
};

/** A line for each, with everything masked. */
function told(log: string): number {
  return log.match(/raw •+ base64 •+ •+ hex •+/g)?.length ?? 0;
}
