import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { usageOf } from './process-usage.ts';

test('memory and CPU of a process include its descendants, and a process that has ended counts nothing', async () => {
  const script = `
    const { spawn } = require('node:child_process');
    if (process.argv[1] === 'child') {
      globalThis.kept = Buffer.alloc(60e6, 1);
      while (process.cpuUsage().user < 400e3);
      console.log('ready', kept.length);
      setInterval(() => kept.length, 1000);
    } else spawn(process.execPath, ['-e', process.env.SCRIPT, 'child'], { stdio: 'inherit' }).on('exit', () => process.exit());`;
  const parent = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, SCRIPT: script },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const pid = parent.pid ?? 0;
  try {
    await once(parent.stdout, 'data');
    const usage = await usageOf([pid]);
    assert.ok(usage.pssMb > 60 && usage.pssMb < 300, `${usage.pssMb} MB`);
    assert.ok(usage.cpuSeconds > 0.3 && usage.cpuSeconds < 5, `${usage.cpuSeconds} s`);
  } finally {
    process.kill(-pid, 'SIGKILL');
  }
  await once(parent, 'exit');
  assert.deepEqual(await usageOf([pid]), { pssMb: 0, cpuSeconds: 0 });
});
