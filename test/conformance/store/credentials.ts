import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openCredential } from '../../../src/engine/workflows/repository-credential.ts';
import { actor, configurationBench, owner, refusal, type ConfigurationBench } from './configuration-bench.ts';
import type { StoreBench } from './bench.ts';
import type { OpenHarness, StoreHarness } from './harness.ts';
import { recordOf } from './steps.ts';

const repository = 'https://git.example/app.git';
const token = 'tok_5f2b9c8e71d04a36';

export function credentialConformance(open: OpenHarness): void {
  let stores: StoreHarness;
  let bench: ConfigurationBench;
  let credentials: ConfigurationBench['commands']['credentials'];
  before(async () => {
    stores = await open();
    bench = configurationBench(stores.configuration);
    ({ credentials } = bench.commands);
    await bench.commands.projects.create(owner, { name: 'app', repository });
  });
  after(() => stores[Symbol.asyncDispose]());

  test('a token is told by kind, server, fingerprint, who and when, and never by its value', async () => {
    assert.equal(await credentials.get(owner, 'app'), null);
    const set = await credentials.set(owner, 'app', { kind: 'token', token });
    assert.deepEqual([set.kind, set.host, set.setBy], ['token', 'https://git.example', owner.name]);
    assert.match(set.fingerprint, /^[0-9a-f]{8}$/);
    assert.ok(Math.abs(Date.parse(set.setAt) - Date.now()) < 60_000);
    assert.deepEqual(await credentials.get(owner, 'app'), set);
    assert.ok(!JSON.stringify(set).includes(token.slice(4)));
  });

  test('another one takes its place, and one can be removed', async () => {
    const first = await credentials.set(owner, 'app', { kind: 'token', token });
    const second = await credentials.set(owner, 'app', { kind: 'token', username: 'bot', token: `${token}2` });
    assert.notEqual(first.fingerprint, second.fingerprint);
    assert.deepEqual(await credentials.get(owner, 'app'), second);
    await credentials.remove(owner, 'app');
    assert.equal(await credentials.get(owner, 'app'), null);
    await assert.rejects(credentials.remove(owner, 'app'), refusal('not_found'));
  });

  test('who may not configure the project may neither set one nor ask about it', async () => {
    const viewer = actor('viewer', 'app');
    await assert.rejects(credentials.get(viewer, 'app'), refusal('forbidden'));
    await assert.rejects(credentials.set(viewer, 'app', { kind: 'token', token }), refusal('forbidden'));
    await assert.rejects(credentials.remove(viewer, 'app'), refusal('forbidden'));
    await assert.rejects(credentials.forgetHostKeys(viewer, 'app'), refusal('forbidden'));
    await assert.rejects(credentials.get(actor('admin', 'other'), 'app'), refusal('not_found'));
  });

  test('it goes with its project, and there is none for a project that is gone', async () => {
    const { id } = await bench.commands.projects.create(owner, { name: 'doomed', repository });
    await credentials.set(owner, 'doomed', { kind: 'token', token });
    await bench.commands.projects.delete(owner, 'doomed');
    await assert.rejects(credentials.set(owner, 'doomed', { kind: 'token', token }), refusal('not_found'));
    const record = { id, kind: 'token', host: repository, fingerprint: '', setBy: '', sealed: '' } as const;
    assert.equal(await stores.configuration.credentials.set(id, record), false);
    const deletion = (await stores.world.deletions()).find(({ projectName }) => projectName === 'doomed');
    assert.ok(deletion);
    await stores.world.erase(deletion);
    assert.equal(await stores.configuration.credentials.find(id), null);
  });

  test('host keys are forgotten for the project that is named', async () => {
    const { id } = await bench.commands.projects.get(owner, 'app');
    await credentials.forgetHostKeys(owner, 'app');
    assert.deepEqual(bench.forgotten, [id]);
  });
}

/** What a deployment is told of it. */
export function sealedCredentialConformance(bench: StoreBench): void {
  test('a record has the credential that is set now, sealed; without one it has none', async () => {
    await bench.reset();
    const deploymentId = await bench.trigger(bench.production);
    const { deployment, sealedCredential } = await recordOf(bench, deploymentId);
    assert.equal(sealedCredential, null);
    const facts = { kind: 'token', host: 'https://git.example', fingerprint: '', setBy: 'ann' } as const;
    const box = {
      seal: (plain: string, row: string) => `${row} ${plain}`,
      open: (sealed: string, row: string) => sealed.slice(row.length + 1),
      fingerprint: () => '',
    };
    for (const id of ['0197a000-0000-7000-8000-000000000001', '0197a000-0000-7000-8000-000000000002']) {
      const credential = { kind: 'token', username: 'x', token: id, host: facts.host };
      const sealed = box.seal(JSON.stringify(credential), `repository_credential:${id}:sealed`);
      await bench.configuration.credentials.set(deployment.projectId, { ...facts, id, sealed });
      const record = await recordOf(bench, deploymentId);
      assert.deepEqual(openCredential(box, record.sealedCredential), credential);
    }
    await bench.configuration.credentials.remove(deployment.projectId);
  });
}
