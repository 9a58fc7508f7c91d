import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHostedRepositories } from '../../src/drivers/source/hosting/hosted-repositories.ts';
import { hostedRepositoryPath } from '../../src/drivers/source/hosting/repository-path.ts';
import { GitClient } from '../harness/git-client.ts';
import { host, project, secret } from './hosting.ts';

test('10 a push that is refused from the start is told why, at the door or after it has sent everything, and keeps nothing', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'big.bin': randomBytes(3_000_000).toString('base64') });
  for (const [refusal, words] of [
    ['at the door', /remote: no place is free\nremote: Send it again in some seconds/],
    ['no place is free: try again', /unpack failed: no place is free: try again/],
  ] as const) {
    hosting.refusal = refusal;
    const { code, said } = await client.run(['push', hosting.url, 'main']);
    assert.notEqual(code, 0);
    assert.match(said, words);
  }
  assert.deepEqual(await hosting.repositories.held(project), []);
  assert.deepEqual(await readdir(join(hostedRepositoryPath(hosting.dir, project), 'objects', 'pack')), []);
  hosting.refusal = null;
  await client.ok('push', hosting.url, 'main');
});

test('10 whoever stops sending in the middle of a push is sent away, and nothing of it is left', async () => {
  await using hosting = await host(50_000_000, 200);
  hosting.decide = () => assert.fail('nobody asks what becomes of it');
  const { hostname, port, pathname } = new URL(hosting.url);
  const line = `${'0'.repeat(40)} ${'a'.repeat(40)} refs/heads/main\0 report-status side-band-64k`;
  const head = Buffer.from(`${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`);
  // Half a request; and all of that with the head of a pack, whose objects never come.
  for (const sent of [head.subarray(0, 20), Buffer.concat([head, Buffer.from('PACK\0\0\0\x02\0\0\0\x09')])]) {
    const pushing = request({
      hostname,
      port,
      method: 'POST',
      path: `${pathname}/git-receive-pack`,
      headers: {
        authorization: `Basic ${btoa(`ada:${secret}`)}`,
        'content-type': 'application/x-git-receive-pack-request',
      },
    });
    pushing.write(sent);
    const [answer] = (await once(pushing, 'response', { signal: AbortSignal.timeout(10_000) })) as [IncomingMessage];
    const said = Buffer.concat(await answer.toArray()).toString();
    assert.match(said, /nothing came for 0\.2 s/);
    pushing.destroy();
  }
  assert.deepEqual(await hosting.repositories.held(project), []);
  // Since 2.39 Git does not remove it when it is told to end.
  const objects = await readdir(join(hostedRepositoryPath(hosting.dir, project), 'objects'));
  assert.deepEqual(objects.toSorted(), ['info', 'pack']);
});

test('5.9 what a control plane that was killed has left of pushes and repositories goes at the next start', async () => {
  await using hosting = await host();
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await client.ok('push', hosting.url, 'main');
  const path = hostedRepositoryPath(hosting.dir, project);
  await mkdir(join(path, 'objects', 'tmp_objdir-incoming-abcdef', 'pack'), { recursive: true });
  await writeFile(join(path, 'objects', 'tmp_objdir-incoming-abcdef', 'pack', 'tmp_pack_x'), 'half');
  await mkdir(`${path}.${process.pid}.12.5.tmp/objects`, { recursive: true });
  const drafts = join(hosting.dir, 'drafts');
  await mkdir(join(drafts, `${project}.999999999.git`), { recursive: true });
  for (const pid of [999_999_999, process.pid]) await writeFile(join(drafts, `${project}.${pid}.bundle`), 'half');
  const again = await createHostedRepositories({ dir: hosting.dir, maxBytes: 50_000_000, timeoutMs: 30_000 });
  assert.deepEqual(await readdir(join(hosting.dir, 'repositories')), [`${project}.git`]);
  assert.deepEqual(await readdir(drafts), [`${project}.${process.pid}.bundle`], 'a backup is being written');
  assert.ok(!(await readdir(join(path, 'objects'))).includes('tmp_objdir-incoming-abcdef'));
  assert.equal(await again.find(project, 'refs/heads/main'), await client.head());
});
