import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { createInvariantStore } from '../../../src/store/invariants.ts';
import { stableOnly } from '../../../src/domain/route.ts';
import { JournalBench } from './journal-setup.ts';
import { claimed, completed, deploying, observedPair, recordOf, rollbackOf } from '../../conformance/store/steps.ts';

/** What the invariants are told of the database. */
const bench = new JournalBench();
before(() => bench.open());
after(() => bench.close());
beforeEach(() => bench.reset());

const read = (remembered: readonly string[] = []) => createInvariantStore(bench.database.db).recorded(remembered);

async function deployment(id: string, remembered: readonly string[] = []) {
  const found = (await read(remembered)).deployments.find((one) => one.id === id);
  assert.ok(found, `${id} is not told`);
  return found;
}

async function passed(deploymentId: string): Promise<void> {
  const entry = JSON.stringify({ kind: 'gate.passed', process: 'web', ordinal: 1, attempts: 2, sinceStartMs: 5 });
  await sql`insert into timeline (deployment_id, project_id, entry)
    values (${deploymentId}, ${bench.projectId}, ${entry}::jsonb)`.execute(bench.database.db);
}

test('an environment is told with its current deployment, its route and its name', async () => {
  const { deploymentId } = await completed(bench, bench.production);
  const { environments, slots, projects } = await read();
  const production = environments.find(({ id }) => id === bench.production);
  assert.deepEqual(production, {
    id: bench.production,
    name: 'shop/production',
    deleting: false,
    hosts: ['production.shop.test'],
    currentIds: [deploymentId],
    route: stableOnly(1),
  });
  assert.equal(environments.find(({ id }) => id === bench.staging)?.route, null);
  assert.deepEqual(projects, ['shop']);
  assert.deepEqual(slots, [{ slot: 1, deploymentId }]);
});

test('whether somebody leads it follows the lease and the session of its owner', async () => {
  const lease = await claimed(bench, bench.production);
  const waiting = await bench.trigger(bench.staging);
  assert.equal((await deployment(waiting)).active, false);
  const led = await deployment(lease.deploymentId);
  assert.deepEqual([led.active, led.led, led.held], [true, true, false]);
  assert.ok(led.idleMs < 60_000 && led.idleMs >= 0, String(led.idleMs));
  await sql`update deployment set lease_until = now() - interval '1 second' where id = ${lease.deploymentId}`.execute(
    bench.database.db,
  );
  assert.equal((await deployment(lease.deploymentId)).led, false);
  await sql`update deployment set not_before = now() + interval '1 minute' where id = ${lease.deploymentId}`.execute(
    bench.database.db,
  );
  assert.equal((await deployment(lease.deploymentId)).led, true, 'it is not to be claimed yet');
});

test('an instance has passed when the timeline of the deployment that started it says so, whoever has it now', async () => {
  const pair = await observedPair(bench, bench.production);
  assert.deepEqual(
    (await deployment(pair.old.deploymentId)).instances.map((one) => one.passed),
    [false],
  );
  await passed(pair.old.deploymentId);
  const lease = await claimed(bench, bench.production, { origin: rollbackOf(pair) });
  await bench.deployments.write(lease, { transition: { type: 'instances-starting' } });
  await bench.deployments.write(lease, {
    transition: { type: 'traffic-received' },
    takeOver: { deploymentId: pair.old.deploymentId },
  });
  assert.deepEqual(
    (await deployment(lease.deploymentId)).instances.map((one) => one.passed),
    [true],
  );
});

test('what is over is told only where it is remembered, with every end it ever had', async () => {
  const lease = await deploying(bench, bench.production);
  await bench.deployments.write(lease, { verdict: { outcome: 'failed', code: 'gate_failed', reason: 'no' } });
  await bench.deployments.write(lease, { transition: { type: 'failed' }, reason: 'no' });
  assert.deepEqual((await read()).deployments, []);
  const over = await deployment(lease.deploymentId, [lease.deploymentId]);
  assert.deepEqual([over.state, over.outcomes], ['failed', ['failed']]);
  const { db } = bench.database;
  await sql`insert into timeline (deployment_id, project_id, entry) values (${lease.deploymentId}, ${bench.projectId},
    '{"kind": "state.changed", "from": "failed", "to": "stopped", "reason": null}')`.execute(db);
  assert.deepEqual((await deployment(lease.deploymentId, [lease.deploymentId])).outcomes, ['failed', 'stopped']);
  await sql`delete from timeline`.execute(db);
  await sql`update deployment set history_removed_at = now()`.execute(db);
  const forgotten = await deployment(lease.deploymentId, [lease.deploymentId]);
  assert.deepEqual(forgotten.outcomes, ['failed'], 'its timeline is not kept any longer');
});

test('what is paused by somebody is held, and what is deleted is said to be', async () => {
  const lease = await deploying(bench, bench.production);
  await bench.deployments.write(lease, { transition: { type: 'paused' } });
  assert.equal((await deployment(lease.deploymentId)).held, true);
  await bench.database.db
    .updateTable('environment')
    .set({ deleting: true })
    .where('id', '=', bench.production)
    .execute();
  const { environments } = await read();
  assert.deepEqual(
    environments.filter(({ deleting }) => deleting).map(({ id }) => id),
    [bench.production],
  );
});

test('everything in words is told: reasons, errors of jobs, the journal, the timeline; with the names of the logs', async () => {
  const lease = await deploying(bench, bench.production);
  await bench.deployments.write(lease, {
    reason: 'said in the reason',
    verdict: { outcome: 'failed', code: 'gate_failed', reason: 'said in the verdict' },
    jobs: [{ type: 'DeployImageJob', status: 'failure', error: 'said by the job' }],
    journal: [
      { step: 'deploy', status: 'begun' },
      { step: 'deploy', status: 'failed', error: 'said in the journal' },
    ],
    timeline: [{ kind: 'alert', message: 'said in the timeline' }],
  });
  const [written, ...others] = await createInvariantStore(bench.database.db).written(20);
  assert.ok(written);
  assert.deepEqual(others, []);
  const said = written.texts.filter(({ text }) => text.startsWith('said '));
  assert.deepEqual(
    said.map(({ where, text }) => `${where}: ${text}`).toSorted(),
    [
      'job DeployImageJob of shop #1: said by the job',
      'journal of shop #1: said in the journal',
      'reason of shop #1: said in the reason',
      'reason of shop #1: said in the verdict',
      'timeline of shop #1: said in the timeline',
    ].map((line) => line.replace('shop #1', `shop #${numberIn(written.name)}`)),
  );
  assert.equal(written.sealedCredential, null);
  const id = '0197a000-0000-7000-8000-000000000001';
  const facts = { kind: 'token', host: 'https://git.example', fingerprint: '', setBy: 'ann' } as const;
  await bench.configuration.credentials.set(bench.projectId, { ...facts, id, sealed: 'sealed too' });
  const [later] = await createInvariantStore(bench.database.db).written(20);
  assert.deepEqual(later?.sealedCredential, { id, sealed: 'sealed too' });
  await bench.configuration.credentials.remove(bench.projectId);
  const { instances } = await recordOf(bench, lease.deploymentId);
  assert.ok(written.logs.includes(`deployments/${lease.deploymentId}/BuildImageJob`));
  assert.ok(written.logs.includes(`deployments/${lease.deploymentId}/${instances[0]?.id}`));
});

function numberIn(name: string): string {
  return name.slice(name.indexOf('#') + 1);
}
