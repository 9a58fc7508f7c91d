import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireQueueItem } from '../../src/contract/schemas/queue.ts';
import { answering, slowBuild } from './apps.ts';
import { Stage } from './stage.ts';

/** Rule 2.4 with real builds, one at a time. */
let stage: Stage;
before(async () => {
  stage = await Stage.open({ variables: { buildsAtOnce: '1' } });
});
after(() => stage[Symbol.asyncDispose]());

interface Queue {
  readonly items: readonly WireQueueItem[];
  readonly elsewhere: { readonly waiting: number; readonly running: number };
}

async function untilQueue(what: string, look: (queue: Queue) => boolean): Promise<Queue> {
  return stage.until(what, async () => {
    const queue = await stage.must<Queue>('GET', '/api/queue');
    return look(queue) ? queue : null;
  });
}

const reasonOf = ({ items }: Queue, project: string) =>
  items.find(({ deployment }) => deployment.project === project)?.reason?.kind;

test('2.4 with one place to build, what waits says so and since when, and production is built before what came earlier', async () => {
  await stage.project('long', slowBuild({ lines: 1, secondsApart: 60 }));
  await stage.project('early', answering('early'));
  await stage.project('late', answering('late'));
  await stage.must('POST', '/api/projects/early/environments', {
    name: 'staging',
    settings: { branch: 'main', observationMs: 0 },
  });
  await stage.trigger('long');
  await stage.until('the long build to run', async () =>
    (await stage.log('long', 1, 'BuildImageJob')).includes('sleep 60') ? true : null,
  );
  await stage.trigger('early', { environment: 'staging' });
  await untilQueue('the first to wait', (queue) => reasonOf(queue, 'early') === 'build-place');
  await stage.trigger('late');
  const queue = await untilQueue('both to wait', (seen) => reasonOf(seen, 'late') === 'build-place');
  const [early, late] = ['early', 'late'].map((name) =>
    queue.items.find(({ deployment }) => deployment.project === name),
  );
  assert.equal(early?.waitsFor, 'a place to build');
  assert.ok(early !== undefined && late !== undefined && early.since < late.since, 'each since its own moment');
  await stage.must('POST', '/api/projects/long/deployments/1/cancel');
  const waitedFor = async (project: string) => {
    assert.equal((await stage.settle(project, 1)).deployment.state, 'completed');
    const started = (await stage.timeline(project, 1)).find(({ event }) => event.kind === 'build.started');
    return started?.at ?? '';
  };
  const [staging, production] = [await waitedFor('early'), await waitedFor('late')];
  assert.ok(production < staging, `production was built at ${production}, staging at ${staging}`);
});

test('2.4 who may see one project sees its entries with the reason, and of the others how many there are', async () => {
  await stage.project('busy', slowBuild({ lines: 1, secondsApart: 60 }));
  await stage.trigger('busy');
  await stage.untilState('busy', 1, ['running']);
  await stage.trigger('busy');
  const { secret } = await stage.must<{ secret: string }>('POST', '/api/tokens', {
    name: 'elsewhere',
    role: 'viewer',
    project: 'long',
  });
  const headers = { authorization: `Bearer ${secret}` };
  const { body } = await stage.call<Queue>('GET', '/api/queue', undefined, headers);
  assert.deepEqual(body, { items: [], elsewhere: { waiting: 1, running: 1 } });
  const { items } = await stage.must<Queue>('GET', '/api/queue');
  assert.deepEqual(
    items.map(({ deployment, waitsFor }) => [deployment.number, waitsFor]),
    [
      [1, null],
      [2, '#1 is running in production'],
    ],
  );
  for (const number of [2, 1]) await stage.must('POST', `/api/projects/busy/deployments/${number}/cancel`);
});
