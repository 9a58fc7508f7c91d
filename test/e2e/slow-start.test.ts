import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';

/** Several replicas of an app that takes its time: the router's own checks must not hold it to be down when traffic comes. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const slow = (text: string) => ({
  'package.json': JSON.stringify({ name: 'app', scripts: { start: 'node server.js' } }),
  'server.js': `setTimeout(() => require('node:http').createServer((_, r) => r.end('${text}')).listen(process.env.PORT), 2500);
process.on('SIGTERM', () => process.exit(0));`,
});

for (const strategy of ['rolling', 'blue-green'] as const) {
  test(`5.2 ${strategy} with two replicas that start slowly loses no request`, async () => {
    const name = `slow-${strategy}`;
    const repository = await stage.project(name, answering('one'), { replicas: 2, strategy });
    await stage.deploy(name);
    await repository.commit(slow('two'));
    const failures: unknown[] = [];
    const done = new AbortController();
    const visitors = Array.from({ length: 4 }, async () => {
      while (!done.signal.aborted) {
        const answer = await stage
          .visit(`${name}.localhost`)
          .catch((error: unknown) => ({ status: 0, body: String(error) }));
        if (answer.status !== 200) failures.push(answer);
      }
    });
    const { deployment } = await stage.deploy(name);
    done.abort();
    await Promise.all(visitors);
    assert.equal(deployment.state, 'completed');
    assert.deepEqual(failures, []);
    assert.equal((await stage.visit(`${name}.localhost`)).body, 'two');
  });
}
