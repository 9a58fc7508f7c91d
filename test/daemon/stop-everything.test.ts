import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import { stopEverything } from '../../src/daemon/stop-everything.ts';
import { startPlatform } from '../harness/platform.ts';
import { processesOf } from '../harness/processes.ts';

const log = createOperatorLog('silent');

test('everything else is stopped where Docker does not answer, which is told at the end', async () => {
  await using platform = await startPlatform();
  assert.ok(processesOf(platform.dataDir, 0).length >= 3, 'database, router and static server run');
  const config = { ...platform.config, dockerSocket: `${platform.dataDir}/no-docker.sock` };
  await assert.rejects(stopEverything(config, log), { code: 'runtime_unavailable', message: /no-docker\.sock/ });
  assert.throws(() => process.kill(platform.pids.controlPlane, 0), { code: 'ESRCH' });
  assert.deepEqual(processesOf(platform.dataDir, 0), []);
});

test('stopping twice is fine: the second time nothing runs', async () => {
  await using platform = await startPlatform();
  assert.deepEqual(await stopEverything(platform.config, log), { controlPlane: true, instances: 0 });
  assert.deepEqual(await stopEverything(platform.config, log), { controlPlane: false, instances: 0 });
  assert.deepEqual(processesOf(platform.dataDir, 0), []);
});
