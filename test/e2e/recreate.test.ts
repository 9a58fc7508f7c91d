import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import type { WireTimelineEntry } from '../../src/contract/schemas/timeline.ts';
import { exitingAtStart, keeping, neverAnswering, spoilable } from './apps.ts';
import { Stage } from './stage.ts';

/** One version at a time, with requests that wait in the router meanwhile (rule 5.2), on real parts. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const exclusive: WireSettingsChange = {
  volumes: [{ name: 'data', path: '/data', access: 'exclusive' }],
  health: { intervalMs: 500 },
  stopGraceMs: 2_000,
};

interface Visit {
  readonly status: number;
  readonly body: string;
  readonly waitedMs: number;
}

/** A third of them POSTs with a body, each on a connection of its own; none tries again. */
function visit(host: string, body: string | null): Promise<Visit> {
  const began = performance.now();
  const end = (status: number, text: string): Visit => ({ status, body: text, waitedMs: performance.now() - began });
  return new Promise((resolve) => {
    const address = { host: '127.0.0.1', port: stage.platform.routerPort, agent: false };
    const outgoing = request({ ...address, method: body === null ? 'GET' : 'POST', headers: { host } }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
      incoming.on('error', (error) => resolve(end(0, String(error))));
      incoming.on('end', () => resolve(end(incoming.statusCode ?? 0, text)));
    });
    outgoing.on('error', (error) => resolve(end(0, String(error))));
    outgoing.end(body);
  });
}

async function visitWhile<T>(host: string, perSecond: number, work: () => Promise<T>) {
  const visits: Promise<Visit>[] = [];
  const done = new AbortController();
  const visiting = (async () => {
    const began = performance.now();
    for (let count = 0; !done.signal.aborted; count += 1) {
      visits.push(visit(host, count % 3 === 0 ? 'x'.repeat(10_000) : null));
      await sleep(Math.max(0, began + ((count + 1) * 1_000) / perSecond - performance.now()));
    }
  })();
  const result = await work().finally(() => done.abort());
  await visiting;
  const all = await Promise.all(visits);
  const failed = all.filter(({ status }) => status !== 200);
  const longestMs = Math.round(Math.max(...all.map(({ waitedMs }) => waitedMs)));
  return { result, all, failed, longestMs };
}

function find<K extends WireTimelineEntry['event']['kind']>(timeline: readonly WireTimelineEntry[], kind: K) {
  const found = timeline.find(({ event }) => event.kind === kind)?.event;
  assert.ok(found?.kind === kind, `${kind} is in the timeline`);
  return found as Extract<WireTimelineEntry['event'], { kind: K }>;
}

async function history(host: string): Promise<string[]> {
  return (await stage.visit(host, '/history')).body.trim().split('\n');
}

test('5.2 an exclusive volume: with a gap of 3 s under 100 requests a second none fails, and two versions never run at once', async (t) => {
  const host = 'kept.localhost';
  const repository = await stage.project('kept', keeping('one'), { ...exclusive, observationMs: 60_000 });
  await stage.deploy('kept');
  await repository.commit(keeping('two', { startMs: 3_000 }));
  const { result, all, failed, longestMs } = await visitWhile(host, 100, () => stage.deploy('kept'));
  t.diagnostic(`${failed.length} of ${all.length} failed; the longest wait was ${longestMs} ms`);
  assert.equal(result.deployment.state, 'completed');
  assert.deepEqual(failed.slice(0, 3), []);
  assert.ok(longestMs > 2_900 && longestMs < 10_000, `${longestMs} ms`);
  assert.ok(
    all.some(({ body }) => body === 'two 10000'),
    'a POST that waited came with its body',
  );
  assert.deepEqual(await history(host), ['start one', 'stop one', 'start two'], 'the data is still there');
  const timeline = await stage.timeline('kept', result.deployment.number);
  const kinds = timeline.map(({ event }) => event.kind);
  assert.equal(kinds.filter((kind) => kind === 'rollout.planned').length, 1);
  assert.ok(kinds.indexOf('rollout.planned') <= kinds.indexOf('traffic.held'), 'it is said before it is done');
  const planned = find(timeline, 'rollout.planned');
  assert.equal(planned.strategy, 'recreate');
  assert.match(planned.explanation.join('; '), /volume `data` is exclusive.*requests will be held/);
  const { heldMs } = find(timeline, 'traffic.released');
  assert.ok(heldMs > 2_900 && heldMs <= longestMs + 500, `${heldMs} ms`);
  assert.equal(result.deployment.measurements.heldMs, heldMs);
  assert.equal(result.deployment.requests?.failed, 0);
  assert.ok(!kinds.includes('standby'), 'there is nothing on standby');
  assert.equal((await stage.detail('kept', 1)).deployment.state, 'stopped');
});

for (const [what, files] of [
  ['fails at once', exitingAtStart(1)],
  ['is too slow', neverAnswering],
] as const) {
  test(`5.2 a new version that ${what} is taken back within the hold: the old one is started again and answers what waited`, async (t) => {
    const name = what.replaceAll(' ', '-');
    const settings: WireSettingsChange = { ...exclusive, holdTimeoutMs: 12_000, volumes: [], strategy: 'recreate' };
    const repository = await stage.project(name, keeping('one'), settings);
    await stage.deploy(name);
    await repository.commit(files);
    const { result, all, failed, longestMs } = await visitWhile(`${name}.localhost`, 50, () => stage.deploy(name));
    t.diagnostic(`${failed.length} of ${all.length} failed; the longest wait was ${longestMs} ms`);
    assert.equal(result.deployment.state, 'failed');
    assert.deepEqual(failed.slice(0, 3), []);
    assert.deepEqual(new Set(all.map(({ body }) => body.split(' ')[0])), new Set(['one']));
    assert.ok(longestMs < 12_000, `${longestMs} ms`);
    const { heldMs } = find(await stage.timeline(name, result.deployment.number), 'traffic.released');
    assert.equal(result.deployment.measurements.heldMs, heldMs);
    assert.match(result.deployment.reason ?? '', what === 'is too slow' ? /not healthy in time/ : /exited with code 1/);
    const old = await stage.detail(name, 1);
    assert.deepEqual([old.deployment.state, old.instances[0]?.phase], ['completed', 'serving']);
  });
}

test('5.2 an old version that takes longer to stop than requests can wait is killed in time, and people are told before and after', async (t) => {
  const settings: WireSettingsChange = { ...exclusive, holdTimeoutMs: 12_000, stopGraceMs: 60_000 };
  const repository = await stage.project('stubborn', keeping('one', { stubborn: true }), settings);
  await stage.deploy('stubborn');
  await repository.commit(keeping('two'));
  const { result, all, failed, longestMs } = await visitWhile('stubborn.localhost', 50, () => stage.deploy('stubborn'));
  t.diagnostic(`${failed.length} of ${all.length} failed; the longest wait was ${longestMs} ms`);
  assert.equal(result.deployment.state, 'completed');
  assert.deepEqual(failed.slice(0, 3), []);
  assert.ok(longestMs > 4_000 && longestMs < 12_000, `${longestMs} ms`);
  assert.deepEqual(await history('stubborn.localhost'), ['start one', 'stop one', 'start two']);
  const timeline = await stage.timeline('stubborn', result.deployment.number);
  assert.match(find(timeline, 'rollout.planned').explanation.join('; '), /at most 6 s to stop, not its 60 s/);
  assert.match(find(timeline, 'alert').message, /^#1 was killed after \d\.\d s of its 60 s to stop: requests wait/);
});

test('5.2 and 5.9 a control plane killed while nothing runs comes back within the hold, and no request fails', async (t) => {
  const host = 'killed.localhost';
  const repository = await stage.project('killed', keeping('one'), exclusive);
  await stage.deploy('killed');
  await repository.commit(keeping('two', { startMs: 1_500 }));
  const { all, failed, longestMs } = await visitWhile(host, 50, async () => {
    const number = await stage.trigger('killed');
    await stage.until('the old version to be gone', async () => {
      const { instances } = await stage.detail('killed', 1);
      return instances[0]?.phase === 'stopped' ? true : null;
    });
    await stage.platform.killControlPlane();
    await stage.platform.startControlPlane();
    const { deployment } = await stage.settle('killed', number);
    assert.equal(deployment.state, 'completed');
    assert.ok((deployment.measurements.heldMs ?? 0) > 1_500, `${deployment.measurements.heldMs} ms`);
  });
  t.diagnostic(`${failed.length} of ${all.length} failed; the longest wait was ${longestMs} ms`);
  assert.deepEqual(failed.slice(0, 3), []);
  assert.deepEqual(await history(host), ['start one', 'stop one', 'start two']);
});

test('5.2 and 5.9 a control plane killed while the old version stops never lets two run at once', async () => {
  const host = 'halfway.localhost';
  const repository = await stage.project('halfway', keeping('one'), exclusive);
  await stage.deploy('halfway');
  await repository.commit(keeping('two', { startMs: 500 }));
  const { failed } = await visitWhile(host, 20, async () => {
    const number = await stage.trigger('halfway');
    await stage.until('requests to be held', async () => {
      const timeline = await stage.timeline('halfway', number);
      return timeline.some(({ event }) => event.kind === 'traffic.held') ? true : null;
    });
    await stage.platform.killControlPlane();
    await stage.platform.startControlPlane();
    await stage.settle('halfway', number);
  });
  assert.deepEqual(failed.slice(0, 3), []);
  const entries = await history(host);
  for (const [index, entry] of entries.entries()) {
    assert.equal(entry.split(' ')[0], index % 2 === 0 ? 'start' : 'stop', entries.join(', '));
  }
  assert.equal(entries.at(-1), 'start two');
});

test('5.2 and 5.9 a control plane killed while a bad version is taken back brings the old one back all the same', async () => {
  const host = 'undone.localhost';
  const repository = await stage.project('undone', keeping('one'), exclusive);
  await stage.deploy('undone');
  await repository.commit(exitingAtStart(1));
  const { all, failed } = await visitWhile(host, 20, async () => {
    const number = await stage.trigger('undone');
    await stage.until('the gate to fail', async () => {
      const timeline = await stage.timeline('undone', number);
      return timeline.some(({ event }) => event.kind === 'gate.failed') ? true : null;
    });
    await stage.platform.killControlPlane();
    await stage.platform.startControlPlane();
    const { deployment } = await stage.settle('undone', number);
    assert.equal(deployment.state, 'failed');
  });
  assert.deepEqual(failed.slice(0, 3), []);
  assert.deepEqual(new Set(all.map(({ body }) => body.split(' ')[0])), new Set(['one']));
  assert.deepEqual(await history(host), ['start one', 'stop one', 'start one']);
});

test('5.2 an old version that does not pass any more is started all the same, people are told, and the next deployment goes its way', async () => {
  const host = 'spoilt.localhost';
  const repository = await stage.project('spoilt', spoilable('one'), { ...exclusive, holdTimeoutMs: 6_000 });
  await stage.deploy('spoilt');
  await stage.visit(host, '/spoil', {}, 'POST');
  await repository.commit(exitingAtStart(1));
  const { result, longestMs } = await visitWhile(host, 20, () => stage.deploy('spoilt'));
  assert.equal(result.deployment.state, 'failed');
  assert.ok(longestMs < 6_500, `${longestMs} ms`);
  assert.match(find(await stage.timeline('spoilt', 2), 'alert').message, /#1 serves again, but does not pass/);
  assert.equal((await stage.visit(host, '/mend', {}, 'POST')).body, 'spoilt');
  await repository.commit(spoilable('two'));
  assert.equal((await stage.deploy('spoilt')).deployment.state, 'completed');
  assert.equal((await stage.visit(host)).body, 'two');
});

test('5.2 a version on standby is stopped too before the new one starts', async () => {
  const volumes = [{ name: 'data', path: '/data', access: 'shared' as const }];
  const repository = await stage.project('warm', keeping('one'), { volumes, observationMs: 60_000 });
  await stage.deploy('warm');
  await repository.commit(keeping('two'));
  await stage.deploy('warm');
  assert.deepEqual(await history('warm.localhost'), ['start one', 'start two'], 'one is on standby');
  await stage.settings('warm', { strategy: 'recreate' });
  await repository.commit(keeping('three'));
  assert.equal((await stage.deploy('warm')).deployment.state, 'completed');
  const [, , ...rest] = await history('warm.localhost');
  // Side by side: visitors wait for both.
  assert.deepEqual([rest.slice(0, 2).toSorted(), rest.slice(2)], [['stop one', 'stop two'], ['start three']]);
});

test('5.2 what the old version has to itself it keeps to itself, also where the new one would share it; the plan names it', async () => {
  const repository = await stage.project('changed', keeping('one'), exclusive);
  await stage.deploy('changed');
  await stage.settings('changed', { volumes: [{ name: 'data', path: '/data', access: 'shared' }] });
  const plan = '/api/projects/changed/environments/production/plan';
  const { strategy, explanation } = await stage.must<{ strategy: string; explanation: string[] }>('GET', plan);
  assert.equal(strategy, 'recreate');
  assert.match(explanation.join('; '), /volume `data` is exclusive/);
  await repository.commit(keeping('two'));
  await stage.deploy('changed');
  await repository.commit(keeping('three'));
  await stage.deploy('changed');
  const entries = await history('changed.localhost');
  assert.deepEqual(entries, ['start one', 'stop one', 'start two', 'start three', 'stop two']);
});

test('4.1 a shared volume is had by both versions at once, its data stays, and it goes with the environment', async () => {
  const docker = new Docker();
  const filters = { label: [`cutover.platform=${stage.platform.platformId}`] };
  const volumes = async () => (await docker.listVolumes({ filters })).Volumes?.length ?? 0;
  const already = await volumes();
  const shared = [{ name: 'data', path: '/data', access: 'shared' as const }];
  const repository = await stage.project('shared', keeping('one'), { volumes: shared });
  await stage.deploy('shared');
  await repository.commit(keeping('two'));
  const { deployment } = await stage.deploy('shared');
  assert.equal(deployment.state, 'completed');
  const timeline = await stage.timeline('shared', deployment.number);
  assert.equal(find(timeline, 'rollout.planned').strategy, 'rolling');
  assert.deepEqual(await history('shared.localhost'), ['start one', 'start two', 'stop one']);
  assert.equal(await volumes(), already + 1);
  await stage.must('DELETE', '/api/projects/shared/environments/production');
  await stage.until('the volume to be gone', async () => ((await volumes()) === already ? true : null));
});
