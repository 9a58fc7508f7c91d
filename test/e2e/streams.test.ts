import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireLogLine, WireLogPage } from '../../src/contract/schemas/log.ts';
import type { WireTimelineEntry } from '../../src/contract/schemas/timeline.ts';
import { answering, slowBuild, slowToStart } from './apps.ts';
import { readEvents, type ReadEvents, type ReadOptions } from './event-stream.ts';
import { Stage } from './stage.ts';

/** Rule 9.1 on the real engine: what a caller gets who comes back with Last-Event-ID, whatever went away in between. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const deploymentPath = (project: string, number: number) => `/api/projects/${project}/deployments/${number}`;

/** A caller that keeps what it saw, and comes back where it was cut off. */
class Follower<T> {
  readonly seen: { readonly id: string; readonly data: T }[] = [];
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async follow(cutAfter?: ReadOptions<T>['cutAfter']): Promise<ReadEvents<T>> {
    const last = this.seen.at(-1)?.id;
    const read = await readEvents<T>(stage, this.#path, {
      ...(last === undefined ? {} : { lastEventId: last }),
      ...(cutAfter === undefined ? {} : { cutAfter }),
    });
    this.seen.push(...read.events);
    return read;
  }
}

test('a timeline that is cut off and resumed has no gap and no repeat, also when the control plane is killed in between', async () => {
  const repository = await stage.project('story', answering('one'));
  await stage.deploy('story');
  await repository.commit(slowToStart('two'));
  const number = await stage.trigger('story');
  const follower = new Follower<WireTimelineEntry>(`${deploymentPath('story', number)}/timeline`);
  await follower.follow(() => follower.seen.length === 0);
  assert.equal(follower.seen.length, 1, 'cut after one event');
  await follower.follow(({ data }) => data.event.kind === 'build.planned');
  const broken = follower.follow();
  await stage.untilState('story', number, ['deploying']);
  await stage.platform.killControlPlane();
  assert.equal((await broken).ended, false, 'a server that is killed does not say that the stream is over');
  await stage.platform.startControlPlane();
  assert.equal((await follower.follow()).ended, true, 'the stream ends by itself');
  assert.deepEqual(
    follower.seen.map(({ data }) => data),
    await stage.timeline('story', number),
  );
  const last = follower.seen.at(-1)?.data.event;
  assert.ok(last?.kind === 'state.changed' && last.to === 'completed', 'nothing comes after the end');
  assert.equal((await stage.detail('story', number)).deployment.state, 'completed');
});

async function wholeLog(project: string, number: number, log: string): Promise<readonly WireLogLine[]> {
  return (await stage.must<WireLogPage>('GET', `${deploymentPath(project, number)}/logs/${log}`)).lines;
}

test('the log of a job that is cut off and resumed has no gap and no repeat, also when the control plane is killed in between', async () => {
  await stage.project('talkative', slowBuild({ lines: 40, secondsApart: 0.1 }));
  const number = await stage.trigger('talkative');
  const follower = new Follower<WireLogLine>(`${deploymentPath('talkative', number)}/logs/BuildImageJob`);
  await follower.follow(({ data }) => data.text.includes('says 3'));
  await follower.follow(({ data }) => data.text.includes('says 6'));
  const broken = follower.follow();
  await stage.until('the build to go on', async () =>
    (await stage.log('talkative', number, 'BuildImageJob')).includes('says 10') ? true : null,
  );
  await stage.platform.killControlPlane();
  assert.equal((await broken).ended, false);
  await stage.platform.startControlPlane();
  assert.equal((await follower.follow()).ended, true);
  assert.deepEqual(
    follower.seen.map(({ data }) => data),
    await wholeLog('talkative', number, 'BuildImageJob'),
  );
  assert.ok(follower.seen.some(({ data }) => data.text.includes('says 40')));
});

test('2.3 every job has a log of its own part of the story, and to follow it ends when the job is over', async () => {
  const repository = await stage.project('told', answering('one'));
  await stage.deploy('told');
  await repository.commit(slowToStart('two'));
  const number = await stage.trigger('told');
  const told = {
    DownloadRepoJob: /^commit /m,
    BuildImageJob: /^build completed/m,
    DeployImageJob: /^gate passed by instance 1[^]*^traffic: 100 %[^]*^drained #1[^]*^complete: /m,
    MarkDeploymentCompleteJob: /^MarkDeploymentCompleteJob: success/m,
  };
  const reads = Object.entries(told).map(async ([job, expected]) => {
    const read = await readEvents<WireLogLine>(stage, `${deploymentPath('told', number)}/logs/${job}`);
    assert.equal(read.ended, true, job);
    assert.match(read.events.map(({ data }) => data.text).join('\n'), expected, job);
  });
  await Promise.all(reads);
  const again = await readEvents<WireLogLine>(stage, `${deploymentPath('told', number)}/logs/DeployImageJob`);
  assert.equal(again.ended, true, 'also for who comes when all is over');
});

test('to follow the log of a job that never begins ends when its deployment is cancelled', async () => {
  await stage.project('never', slowBuild({ lines: 1, secondsApart: 60 }));
  const first = await stage.trigger('never');
  await stage.untilState('never', first, ['running']);
  const waiting = await stage.trigger('never');
  const follows = [first, waiting].map((number) =>
    readEvents<WireLogLine>(stage, `${deploymentPath('never', number)}/logs/DeployImageJob`),
  );
  await stage.must('POST', `${deploymentPath('never', waiting)}/cancel`);
  await stage.must('POST', `${deploymentPath('never', first)}/cancel`);
  for (const read of await Promise.all(follows)) assert.equal(read.ended, true);
});
