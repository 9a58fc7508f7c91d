import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import type { DiskUsage as WireDiskUsage } from '../../src/contract/schemas/system.ts';
import { findPlanted, plantSecrets, tellingBuild } from '../harness/planted-secrets.ts';
import { baseImage } from '../harness/images.ts';
import { Stage } from './stage.ts';

/** Rules 3.4 and 10: what a build is told, and what nobody else may learn of it. */
let stage: Stage;
before(async () => {
  await baseImage('static');
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const secrets = plantSecrets(20);
const proof = createHash('sha256')
  .update(secrets.map(({ value }) => value).join('\n'))
  .digest('hex');
const server = `require('node:http').createServer((_, r) => r.end(require('node:fs').readFileSync('out/proof', 'utf8'))).listen(process.env.PORT);`;

async function give(project: string, given = secrets): Promise<void> {
  const variables = given.map(({ name, value }) => ({ name, value, secret: true, build: true }));
  await stage.must('PUT', `/api/projects/${project}/variables`, { variables });
}

async function deployed(project: string): Promise<WireDeploymentDetail> {
  const detail = await stage.deploy(project);
  assert.equal(detail.deployment.state, 'completed', JSON.stringify(detail.deployment.failure));
  return detail;
}

function imageOf({ deployment: { artifact } }: WireDeploymentDetail): string {
  assert.ok(artifact?.type === 'image');
  return artifact.imageId;
}

test('20 secrets of a build are in no image, history, log or database, in no spelling, though the build had and told them all', async () => {
  const scripts = { build: 'node build.js', start: 'node server.js' };
  await stage.project('planned', {
    'package.json': JSON.stringify({ name: 'planned', private: true, scripts }),
    'build.js': tellingBuild,
    'server.js': server,
  });
  await stage.project('own', {
    Dockerfile: `FROM cutover/base-static
RUN --mount=type=secret,id=P01 --mount=type=secret,id=P02,target=/etc/p02 \\
  cat /run/secrets/P01 /etc/p02 && echo && base64 /etc/p02 && \\
  { head -c 12 /run/secrets/P01; sleep 0.2; tail -c +13 /run/secrets/P01; echo; } && [ ! -e /run/secrets/P03 ] && \\
  mkdir /srv && sha256sum /run/secrets/P01 | cut -c1-64 > /srv/index.html
CMD ["sh", "-c", "exec httpd -f -p $PORT -h /srv"]
`,
  });
  for (const project of ['planned', 'own']) await give(project);
  const planned = await deployed('planned');
  assert.equal((await stage.visit('planned.localhost')).body, proof);
  const own = await deployed('own');
  const first = createHash('sha256')
    .update(secrets[0]?.value ?? '')
    .digest('hex');
  assert.equal((await stage.visit('own.localhost')).body.trim(), first);

  const log = await stage.log('planned', 1, 'BuildImageJob');
  assert.match(log, /^raw •+ base64 •+ •+ hex •+$/m);
  assert.match(log, /^url •+ json \{"value":"•+"\} in \S*•+\S*$/m);
  assert.match(log, /^cut •+ end$/m);
  assert.doesNotMatch(log, /cutover-env/);
  assert.equal((await stage.log('own', 1, 'BuildImageJob')).match(/^•+$/gm)?.length, 3);
  assert.deepEqual(await findPlanted(stage.platform, [imageOf(planned), imageOf(own)]), []);
});

test('3.4 a changed secret is built anew, one that is as it was is not, and one that no build asks for changes nothing', async () => {
  const events = async (number: number) =>
    (await stage.timeline('own', number)).flatMap(({ event }) =>
      event.kind === 'build.completed' ? event.reused : [],
    );
  await give('own');
  assert.deepEqual(await events((await deployed('own')).deployment.number), [true]);
  await give('own', [{ name: 'P01', value: 'another-value' }]);
  const changed = await deployed('own');
  assert.deepEqual(await events(changed.deployment.number), [false]);
  const second = createHash('sha256').update('another-value').digest('hex');
  assert.equal((await stage.visit('own.localhost')).body.trim(), second, 'the step ran again');
  const variables = [{ name: 'RUNTIME', value: 'not-for-builds', secret: true }];
  await stage.must('PUT', '/api/projects/own/variables', { variables });
  assert.deepEqual(await events((await deployed('own')).deployment.number), [true]);
});

test('what takes room on the disks is told part by part', async () => {
  const { parts } = await stage.must<WireDiskUsage>('GET', '/api/system/disk-usage');
  const bytes = Object.fromEntries(parts.map((part) => [part.name, part.bytes]));
  for (const name of ['mirrors', 'logs', 'database']) assert.ok((bytes[name] ?? 0) > 0, name);
  assert.deepEqual(
    parts.filter(({ budgetBytes }) => budgetBytes !== null).map(({ name }) => name),
    ['images', 'build-cache'],
  );
});
