import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { stableOnly } from '../../../src/domain/route.ts';
import { FencedError, type Lease } from '../../../src/engine/ports/deployment-store.ts';
import { eventually, leaseMs, token, type StoreBench } from './bench.ts';

export function queueConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  async function claimed(environmentId: string): Promise<Lease> {
    await bench.trigger(environmentId);
    const lease = await bench.claim();
    assert.ok(lease);
    return lease;
  }

  const stateOf = async (id: string) => (await bench.deployments.record(id))?.deployment.state;

  test('2.4 a trigger is on record with its number, jobs and timeline before it is acknowledged', async () => {
    const id = await bench.trigger(bench.production);
    const record = await bench.deployments.record(id);
    assert.equal(record?.deployment.state, 'pending');
    assert.deepEqual(
      record.jobs.map(({ type }) => type),
      ['DownloadRepoJob', 'BuildImageJob', 'DeployImageJob', 'MarkDeploymentCompleteJob'],
    );
    const entries = await bench.queries.timeline(id, 0, 10);
    assert.deepEqual(
      entries.map(({ entry }) => entry.kind),
      ['state.changed'],
    );
  });

  test('2.4 a newer trigger of the same branch supersedes the one that waits, and the reason says by which', async () => {
    const first = await bench.trigger(bench.production);
    const second = await bench.trigger(bench.production);
    const numbers = (await bench.deployments.record(second))?.deployment.number;
    assert.deepEqual([await stateOf(first), await stateOf(second)], ['cancelled', 'pending']);
    assert.equal((await bench.deployments.record(first))?.deployment.reason, `superseded by #${numbers}`);
  });

  test('2.4 another branch or another environment is not superseded', async () => {
    const ids = [
      await bench.trigger(bench.production),
      await bench.trigger(bench.production, { branch: 'next' }),
      await bench.trigger(bench.staging),
    ];
    assert.deepEqual(await Promise.all(ids.map(stateOf)), ['pending', 'pending', 'pending']);
  });

  test('2.4 what comes without a repository supersedes what waits and came so too, and no branch', async () => {
    const upload = { id: 'u1', filename: 'site.zip', sizeBytes: 1, sha256: '0'.repeat(64) };
    const ids = [
      await bench.trigger(bench.production, { source: { kind: 'image', reference: 'nginx:1', digest: null } }),
      await bench.trigger(bench.production),
      await bench.trigger(bench.production, { source: { kind: 'bundle', upload, spa: true } }),
    ];
    assert.deepEqual(await Promise.all(ids.map(stateOf)), ['cancelled', 'pending', 'pending']);
    const kept = await bench.deployments.record(ids[2] ?? '');
    assert.deepEqual(kept?.deployment.source, { kind: 'bundle', upload, spa: true });
  });

  test('2.1 what an image reference named is kept with it, and nothing of the kind with another source', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const source = { kind: 'image', reference: 'nginx:1', digest: null } as const;
    await bench.trigger(bench.production, { source });
    const lease = await bench.claim();
    assert.ok(lease);
    await bench.deployments.write(lease, { digest });
    assert.deepEqual((await bench.deployments.record(lease.deploymentId))?.deployment.source, { ...source, digest });
    const other = await claimed(bench.staging);
    await bench.deployments.write(other, { digest });
    const untouched = (await bench.deployments.record(other.deploymentId))?.deployment.source;
    assert.deepEqual([untouched?.kind, untouched !== undefined && 'digest' in untouched], ['git', false]);
  });

  test('9.1 the same idempotency key gives the same deployment, and another request under it is refused', async () => {
    const first = await bench.trigger(bench.production, { key: 'k1' });
    assert.equal(await bench.trigger(bench.production, { key: 'k1' }), first);
    await assert.rejects(bench.trigger(bench.production, { key: 'k1', request: 'other' }), {
      code: 'idempotency_mismatch',
    });
    const asked = { key: 'k1', tokenId: token, requestHash: 'same' };
    assert.equal(await bench.queries.answered(asked), first);
    assert.equal(await bench.queries.answered({ ...asked, key: 'k2' }), null);
    await assert.rejects(bench.queries.answered({ ...asked, requestHash: 'other' }), { code: 'idempotency_mismatch' });
  });

  test('2.4 one deployment at a time may change an environment; others go side by side, production first', async () => {
    await bench.trigger(bench.staging);
    await bench.trigger(bench.production);
    await bench.trigger(bench.production, { branch: 'next' });
    const first = await bench.claim();
    const second = await bench.claim();
    assert.deepEqual([first?.environmentId, second?.environmentId], [bench.production, bench.staging]);
    assert.equal(await bench.claim([first?.deploymentId ?? '', second?.deploymentId ?? '']), null);
  });

  test('many workers that claim at once never get the same deployment, nor two of one environment', async () => {
    await bench.trigger(bench.production);
    await bench.trigger(bench.production, { branch: 'next' });
    await bench.trigger(bench.staging);
    const leases = (await Promise.all(Array.from({ length: 8 }, () => bench.claim()))).filter(
      (lease) => lease !== null,
    );
    assert.equal(new Set(leases.map(({ deploymentId }) => deploymentId)).size, leases.length);
    assert.equal(new Set(leases.map(({ environmentId }) => environmentId)).size, leases.length);
  });

  test('a write under an older epoch is refused and changes nothing', async () => {
    const old = await claimed(bench.production);
    await bench.deployments.release(old, 0);
    const fresh = await bench.claim();
    assert.equal(fresh?.epoch, old.epoch + 1);
    await assert.rejects(bench.deployments.write(old, { transition: { type: 'instances-starting' } }), FencedError);
    assert.equal(await stateOf(old.deploymentId), 'running');
    assert.equal((await bench.deployments.heartbeat([old], leaseMs)).size, 0);
  });

  test('an owner whose database session is gone loses its deployments at once, not when the lease ends', async () => {
    const session = await bench.harness.openSession(99);
    const id = await bench.trigger(bench.production);
    assert.equal((await bench.claim([], 99))?.deploymentId, id);
    assert.equal(await bench.claim(), null, 'the owner lives');
    await session[Symbol.asyncDispose]();
    const lease = await eventually(
      () => bench.claim(),
      (again) => again !== null,
    );
    assert.deepEqual([lease?.deploymentId, lease?.epoch], [id, 2]);
  });

  test('a lease that ran out can be claimed although its owner lives', async () => {
    const lease = await claimed(bench.production);
    await bench.deployments.heartbeat([lease], -1);
    await using _session = await bench.harness.openSession(99);
    assert.equal((await bench.claim([], 99))?.epoch, lease.epoch + 1);
  });

  test('who has no session claims nothing, so that nobody takes from everybody when the database has just come back', async () => {
    const lease = await claimed(bench.production);
    await bench.deployments.heartbeat([lease], -1);
    assert.equal(await bench.claim([], 99), null);
    assert.equal((await bench.claim())?.epoch, lease.epoch + 1);
  });

  test('a route written under a lower fence cannot overwrite a newer one', async () => {
    const old = await claimed(bench.production);
    await bench.deployments.write(old, { verdict: { outcome: 'failed', code: 'gate_failed', reason: 'gate' } });
    await bench.deployments.write(old, { transition: { type: 'failed' } });
    const fresh = await claimed(bench.production);
    assert.ok(fresh.fence > old.fence);
    await bench.deployments.write(fresh, { route: stableOnly(2) });
    await assert.rejects(bench.deployments.write(old, { route: stableOnly(1) }), FencedError);
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, stableOnly(2));
  });

  test('2.2 an illegal transition is refused and nothing of the write remains', async () => {
    const lease = await claimed(bench.production);
    const write = { transition: { type: 'predecessor-drained' }, requests: { total: 1, failed: 0 } } as const;
    await assert.rejects(bench.deployments.write(lease, write), { code: 'illegal_transition' });
    assert.equal((await bench.deployments.record(lease.deploymentId))?.deployment.requests, null);
  });

  test('2.2 what waits is cancelled at once, what runs is marked for its worker, what is completed is refused', async () => {
    const waiting = await bench.trigger(bench.production);
    await bench.deployments.requestCancel(waiting);
    assert.equal(await stateOf(waiting), 'cancelled');
    const lease = await claimed(bench.production);
    await bench.deployments.requestCancel(lease.deploymentId);
    assert.equal((await bench.deployments.heartbeat([lease], leaseMs)).get(lease.deploymentId), 'cancel');
    await assert.rejects(bench.deployments.write(lease, { transition: { type: 'instances-starting' } }), {
      code: 'cancelled',
    });
    await assert.rejects(bench.deployments.requestCancel(waiting), { code: 'illegal_transition' });
  });

  test('the first verdict stands', async () => {
    const lease = await claimed(bench.production);
    await bench.deployments.write(lease, { verdict: { outcome: 'failed', code: 'gate_failed', reason: 'first' } });
    await bench.deployments.write(lease, { verdict: { outcome: 'cancelled', code: 'cancelled', reason: 'second' } });
    assert.equal((await bench.deployments.record(lease.deploymentId))?.verdict?.reason, 'first');
  });

  test('a version keeps its slot, and two versions never share one', async () => {
    const [a, b] = [await claimed(bench.production), await claimed(bench.staging)];
    const slots = await Promise.all([a, b, a, b].map((lease) => bench.deployments.takeSlot(lease, 3)));
    assert.equal(slots[0], slots[2]);
    assert.equal(slots[1], slots[3]);
    assert.notEqual(slots[0], slots[1]);
    assert.equal(await bench.deployments.takeSlot(a, 3), slots[0]);
  });

  test('a full pool of slots gives none', async () => {
    const [a, b] = [await claimed(bench.production), await claimed(bench.staging)];
    assert.equal(await bench.deployments.takeSlot(a, 1), 1);
    assert.equal(await bench.deployments.takeSlot(b, 1), null);
  });

  test('2.1 a deployment that failed keeps its code and message', async () => {
    const lease = await claimed(bench.production);
    await bench.deployments.write(lease, {
      verdict: { outcome: 'failed', code: 'build_failed', reason: 'step 3 failed\nlast lines' },
    });
    await bench.deployments.write(lease, { transition: { type: 'failed' }, reason: 'step 3 failed' });
    const record = await bench.deployments.record(lease.deploymentId);
    assert.deepEqual(record?.deployment.failure, { code: 'build_failed', message: 'step 3 failed\nlast lines' });
    assert.equal(record.deployment.state, 'failed');
  });
}
