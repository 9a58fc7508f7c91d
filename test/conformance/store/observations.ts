import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { nothingMeasured } from '../../../src/domain/measurements.ts';
import { sharedRoute, stableOnly } from '../../../src/domain/route.ts';
import { eventually, leaseMs, type StoreBench } from './bench.ts';
import { claimed, completed, deploying, observedPair, ready, recordOf } from './steps.ts';

export function observationConformance(bench: StoreBench): void {
  beforeEach(() => bench.reset());

  const mine = () => bench.observations.claim(bench.owner, leaseMs);
  const passed = { outcome: 'passed', message: 'nothing was seen' } as const;
  const view = {
    phase: 'full',
    share: 100,
    evidence: 1,
    threshold: null,
    mayGrow: true,
    fresh: { units: 10, bad: 0 },
    old: { units: 10, bad: 0 },
    limits: 'little was seen',
  };

  test('5.6 an observation that is open is claimed with both versions, the route and what is left of it', async () => {
    const { old, fresh } = await observedPair(bench, bench.production, 600_000);
    const [open, ...others] = await mine();
    assert.ok(open);
    assert.equal(others.length, 0);
    assert.deepEqual([open.fresh.deployment.id, open.standby?.deployment.id], [fresh.deploymentId, old.deploymentId]);
    assert.deepEqual(open.route, (await bench.deployments.route(bench.production))?.target);
    assert.ok(open.leftMs !== null && open.leftMs > 300_000 && open.leftMs <= 600_000);
    assert.ok(open.switchedAt !== null && open.endsAt !== null);
    assert.equal((await recordOf(bench, fresh.deploymentId)).standbyId, old.deploymentId);
  });

  test('5.6 time in which nobody looks does not count: what nobody observed has not passed', async () => {
    await observedPair(bench, bench.production, 600_000);
    // As if its observer had died 400 s ago.
    await bench.observations.claim(bench.owner, -400_000);
    const [open] = await mine();
    assert.ok(open?.leftMs != null && open.leftMs > 700_000 && open.leftMs <= 1_000_500, String(open?.leftMs));
    const [again] = await mine();
    assert.ok(again?.leftMs != null && again.leftMs <= open.leftMs, 'a lease that is kept adds nothing');
  });

  test('opened before the switch it has no end; the switch gives it one, and doing either again changes nothing', async () => {
    const old = await completed(bench, bench.production);
    const fresh = await deploying(bench, bench.production);
    const write = (endsInMs?: number) =>
      bench.deployments.write(fresh, {
        observation: { standbyId: old.deploymentId, ...(endsInMs === undefined ? {} : { endsInMs }) },
      });
    await write();
    const opened = await bench.queries.observation(fresh.deploymentId);
    assert.equal(opened?.endsAt, null);
    assert.equal((await mine())[0]?.leftMs, null);
    await write(60_000);
    const switched = await bench.queries.observation(fresh.deploymentId);
    assert.ok(switched?.endsAt);
    await write(900_000);
    await write();
    assert.deepEqual(await bench.queries.observation(fresh.deploymentId), switched);
    assert.equal(switched.openedAt, opened?.openedAt);
    const { number } = (await recordOf(bench, old.deploymentId)).deployment;
    assert.equal(switched.standby, number);
  });

  test('2.2 a newer deployment that switches supersedes the older observation of the environment, and only that', async () => {
    const first = await observedPair(bench, bench.production);
    const elsewhere = await observedPair(bench, bench.staging);
    const next = await deploying(bench, bench.production);
    const standbyId = first.fresh.deploymentId;
    await bench.deployments.write(next, { observation: { standbyId } });
    assert.equal((await bench.queries.observation(standbyId))?.outcome, null, 'until then it is left alone');
    await bench.deployments.write(next, { observation: { standbyId, endsInMs: 60_000 } });
    assert.equal((await bench.queries.observation(first.fresh.deploymentId))?.outcome, 'superseded');
    const open = (await mine()).map(({ fresh }) => fresh.deployment.id);
    assert.deepEqual(open.toSorted(), [next.deploymentId, elsewhere.fresh.deploymentId].toSorted());
  });

  test('one that was closed is not opened again, and stays as it was', async () => {
    const old = await completed(bench, bench.production);
    const observation = { standbyId: old.deploymentId, endsInMs: 60_000 };
    const fresh = await ready(bench, bench.production, { observation });
    assert.equal(await bench.observations.close(fresh.deploymentId, passed), true);
    const closed = await bench.queries.observation(fresh.deploymentId);
    await bench.deployments.write(fresh, { observation: { standbyId: null, endsInMs: 60_000 } });
    assert.deepEqual(await mine(), []);
    assert.deepEqual(await bench.queries.observation(fresh.deploymentId), closed);
  });

  test('the standby of an observation is told as long as there is one', async () => {
    const { old } = await observedPair(bench, bench.production);
    await bench.world.stopServing(old.deploymentId, 'deleted');
    assert.equal((await mine())[0]?.standby, null);
  });

  test('of two processes one has an observation, until its session or its lease ends', async () => {
    await observedPair(bench, bench.production);
    await observedPair(bench, bench.staging);
    const other = await bench.harness.openSession(99);
    const theirs = () => bench.observations.claim(99, leaseMs);
    const claims = await Promise.all([mine(), theirs(), mine(), theirs()]);
    const ids = (index: number) => (claims[index] ?? []).map(({ fresh }) => fresh.deployment.id);
    assert.equal(new Set([...ids(0), ...ids(2)]).size + new Set([...ids(1), ...ids(3)]).size, 2);
    await bench.observations.claim(bench.owner, -1);
    assert.equal((await theirs()).length, 2, 'a lease that ran out is no right');
    assert.deepEqual(await mine(), []);
    assert.equal((await theirs()).length, 2, 'the heartbeat keeps them');
    await other[Symbol.asyncDispose]();
    assert.equal((await eventually(mine, ({ length }) => length === 2)).length, 2);
    await bench.observations.claim(bench.owner, -1);
    assert.deepEqual(await bench.observations.claim(98, leaseMs), [], 'who has no session could not be seen to live');
    assert.equal((await mine()).length, 2);
  });

  test('5.6 traffic moves with its timeline, for the holder alone', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    await mine();
    const [a, b] = [await recordOf(bench, old.deploymentId), await recordOf(bench, fresh.deploymentId)];
    const target = sharedRoute(a.slot ?? 0, b.slot ?? 0, 20);
    const move = {
      deploymentId: fresh.deploymentId,
      target,
      timeline: [{ kind: 'traffic.shifting', share: 20 }],
    } as const;
    assert.equal(await bench.observations.moveTraffic({ ...move, owner: 99 }), false);
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, stableOnly(b.slot ?? 0));
    assert.equal(await bench.observations.moveTraffic({ ...move, owner: bench.owner }), true);
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, target);
    const entries = await bench.queries.timeline(fresh.deploymentId, 0, 100);
    assert.deepEqual(entries.at(-1)?.entry, move.timeline[0]);
    await bench.observations.close(fresh.deploymentId, passed);
    assert.equal(await bench.observations.moveTraffic({ ...move, owner: bench.owner }), false, 'it is closed');
  });

  test('2.2 where somebody has stopped what serves, there is no traffic to move', async () => {
    const { fresh } = await observedPair(bench, bench.production);
    await mine();
    const target = stableOnly((await recordOf(bench, fresh.deploymentId)).slot ?? 0);
    const paused = { ...target, mode: 'paused' } as const;
    await bench.deployments.write(fresh, { route: paused });
    const move = { deploymentId: fresh.deploymentId, owner: bench.owner, target, timeline: [] };
    assert.equal(await bench.observations.moveTraffic(move), false);
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, paused);
  });

  test('5.6 a version that was taken back gets no traffic again', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    await mine();
    const [a, b] = [await recordOf(bench, old.deploymentId), await recordOf(bench, fresh.deploymentId)];
    const [before, own] = [a.slot ?? 0, b.slot ?? 0];
    const back = stableOnly(before);
    await bench.deployments.write(fresh, { route: back });
    const move = { deploymentId: fresh.deploymentId, owner: bench.owner, timeline: [] };
    for (const target of [stableOnly(own), sharedRoute(before, own, 20)]) {
      assert.equal(await bench.observations.moveTraffic({ ...move, target }), false);
      assert.deepEqual((await bench.deployments.route(bench.production))?.target, back);
    }
    const observed = { ...back, observed: true };
    assert.equal(await bench.observations.moveTraffic({ ...move, target: observed }), true);
  });

  test('2.4 traffic does not move any more once a newer deployment has written the route', async () => {
    const { fresh } = await observedPair(bench, bench.production);
    await mine();
    const next = await deploying(bench, bench.production);
    const [b, c] = [await recordOf(bench, fresh.deploymentId), await recordOf(bench, next.deploymentId)];
    const move = {
      deploymentId: fresh.deploymentId,
      owner: bench.owner,
      target: stableOnly(b.slot ?? 0),
      timeline: [],
    };
    assert.equal(await bench.observations.moveTraffic(move), true, 'it has only been claimed');
    const newer = sharedRoute(b.slot ?? 0, c.slot ?? 0, 10);
    await Promise.all([bench.deployments.write(next, { route: newer }), bench.observations.moveTraffic(move)]);
    assert.deepEqual((await bench.deployments.route(bench.production))?.target, newer);
    assert.equal(await bench.observations.moveTraffic(move), false);
    assert.equal(
      await bench.observations.moveTraffic({
        ...move,
        target: stableOnly(77),
        timeline: [{ kind: 'alert', message: 'x' }],
      }),
      false,
    );
    const entries = await bench.queries.timeline(fresh.deploymentId, 0, 100);
    assert.ok(
      entries.every(({ entry }) => entry.kind !== 'alert'),
      'nothing of a refused move is kept',
    );
  });

  test('2.6 what is seen is kept with the observation and the deployment, and a suspicion can make it last longer', async () => {
    const { fresh } = await observedPair(bench, bench.production, 600_000);
    const id = fresh.deploymentId;
    await bench.observations.note(id, { view, measurements: { gateMs: 1_200 }, extendMs: 900_000 });
    await bench.observations.note(id, {
      measurements: { drainMs: 40 },
      timeline: [{ kind: 'cleared', message: 'it passed' }],
    });
    const [open] = await mine();
    assert.deepEqual([open?.view, open?.fresh.observed], [view, view]);
    assert.ok(open?.leftMs != null && open.leftMs > 1_000_000);
    assert.deepEqual(open.fresh.deployment.measurements, { ...nothingMeasured, gateMs: 1_200, drainMs: 40 });
    assert.equal((await bench.queries.timeline(id, 0, 100)).at(-1)?.entry.kind, 'cleared');
    await bench.observations.close(id, { ...passed, measurements: { heldMs: 3 } });
    assert.equal((await recordOf(bench, id)).deployment.measurements.heldMs, 3);
    const closed = await bench.queries.observation(id);
    await bench.observations.note(id, {
      view: { ...view, share: 20 },
      measurements: { gateMs: 1 },
      timeline: [{ kind: 'alert', message: 'x' }],
    });
    assert.deepEqual(await bench.queries.observation(id), closed);
    assert.equal((await recordOf(bench, id)).deployment.measurements.gateMs, 1_200);
  });

  test('2.6 what is measured by the clock is added while the observation is open, and where there never was one', async () => {
    const { old, fresh } = await observedPair(bench, bench.production);
    const { observations } = bench;
    const memoryBytes = { average: 10, max: 20.5 };
    const resources = { readings: 1, memoryBytes, cpuCores: { average: 0.25, max: 1 }, cpuOverMs: 5_000.5 };
    for (const { deploymentId } of [old, fresh]) {
      await observations.measured(deploymentId, { gateMs: 5 });
      await observations.measured(deploymentId, { resources });
      const { measurements } = (await recordOf(bench, deploymentId)).deployment;
      assert.deepEqual(measurements, { ...nothingMeasured, gateMs: 5, resources });
    }
    const last = { ...resources, readings: 2 };
    await observations.close(fresh.deploymentId, { ...passed, measurements: { resources: last } });
    await observations.measured(fresh.deploymentId, { resources });
    assert.deepEqual((await recordOf(bench, fresh.deploymentId)).deployment.measurements.resources, last);
    await observations.measured(bench.projectId, { resources });
  });

  test('an observation is closed once, with its outcome on the timeline', async () => {
    const { fresh } = await observedPair(bench, bench.production);
    const closed = await Promise.all(
      Array.from({ length: 4 }, () => bench.observations.close(fresh.deploymentId, passed)),
    );
    assert.equal(closed.filter(Boolean).length, 1);
    const entries = (await bench.queries.timeline(fresh.deploymentId, 0, 100)).map(({ entry }) => entry);
    assert.deepEqual(
      entries.filter(({ kind }) => kind === 'observation.ended'),
      [{ kind: 'observation.ended', ...passed }],
    );
    assert.equal(await bench.observations.close(bench.projectId, passed), false, 'there is none');
  });

  test('followers are told of what happens in an observation, and of nothing else', async () => {
    const { fresh } = await observedPair(bench, bench.production);
    const elsewhere = await claimed(bench, bench.staging);
    await mine();
    const heard: string[] = [];
    await using _session = await bench.harness.openSession(99, (id) => heard.push(id));
    await eventually(
      () => heard.length,
      (length) => length > 0,
    );
    heard.length = 0;
    const { observations } = bench;
    await observations.note(fresh.deploymentId, { view });
    await observations.note(fresh.deploymentId, { timeline: [{ kind: 'alert', message: 'x' }] });
    const target = stableOnly((await recordOf(bench, fresh.deploymentId)).slot ?? 0);
    await observations.moveTraffic({ deploymentId: fresh.deploymentId, owner: bench.owner, target, timeline: [] });
    await observations.close(fresh.deploymentId, passed);
    await bench.deployments.write(elsewhere, {});
    await eventually(
      () => heard.at(-1),
      (last) => last === elsewhere.deploymentId,
    );
    assert.deepEqual(heard, [fresh.deploymentId, fresh.deploymentId, fresh.deploymentId, elsewhere.deploymentId]);
  });

  test('an observation ends with its deployment: taken back, paused, or ended by a newer one', async () => {
    const failing = await ready(bench, bench.production, { observation: { standbyId: null, endsInMs: 60_000 } });
    await bench.deployments.write(failing, { transition: { type: 'failed' }, reason: 'too many errors' });
    assert.equal((await bench.queries.observation(failing.deploymentId))?.outcome, 'rolled-back');

    const { fresh } = await observedPair(bench, bench.staging);
    await bench.deployments.requestPause(fresh.deploymentId, 'ann');
    const lease = await bench.claim();
    assert.ok(lease);
    await bench.deployments.write(lease, { transition: { type: 'paused' }, wantDone: true });
    assert.equal((await bench.queries.observation(fresh.deploymentId))?.outcome, 'interrupted');
  });

  test('a rollout that is held goes on being observed', async () => {
    const fresh = await ready(bench, bench.production, { observation: { standbyId: null } });
    await bench.deployments.write(fresh, { transition: { type: 'paused' } });
    assert.equal((await bench.queries.observation(fresh.deploymentId))?.closedAt, null);
  });

  test('many observers, workers and ends at once never wait for each other in a circle', async () => {
    // Ids are random, so rows are locked in other orders in every round.
    for (let round = 0; round < 8; round += 1) {
      await bench.reset();
      const { old, fresh } = await observedPair(bench, bench.production);
      const next = await deploying(bench, bench.production);
      const observed = fresh.deploymentId;
      const target = stableOnly((await recordOf(bench, observed)).slot ?? 0);
      const busy = Array.from({ length: 8 }, (_, index) => [
        bench.observations.note(observed, {
          view,
          measurements: { gateMs: index },
          timeline: [{ kind: 'alert', message: 'x' }],
        }),
        bench.observations.moveTraffic({ deploymentId: observed, owner: bench.owner, target, timeline: [] }),
        mine(),
        bench.deployments.write(next, {
          observation: { standbyId: observed, ...(index > 3 ? { endsInMs: 60_000 } : {}) },
          ...(index === 7 ? { retired: { deploymentId: old.deploymentId, reason: 'replaced' } } : {}),
          timeline: [{ kind: 'alert', message: 'y' }],
        }),
      ]);
      await Promise.all(busy.flat());
      assert.equal((await bench.queries.observation(observed))?.outcome, 'superseded');
    }
  });
}
