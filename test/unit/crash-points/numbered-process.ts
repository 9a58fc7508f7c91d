import { setTimeout as sleep } from 'node:timers/promises';
import { CrashPoints } from '../../../src/daemon/crash-points.ts';

/** A process that does what its arguments say, one after the other, each with a line before and after it. Given: the directory, the calls. */
const [dir = '', ...calls] = process.argv.slice(2);

class Port {
  #done = 0;
  async act(): Promise<number> {
    await sleep(1);
    this.#done += 1;
    console.log(`did ${this.#done}`);
    return this.#done;
  }
  async fail(): Promise<void> {
    await sleep(1);
    throw new Error('it failed');
  }
  async find(): Promise<string | null> {
    await sleep(1);
    return calls.length > 3 ? 'something' : null;
  }
  look(): string {
    return 'seen';
  }
}

const port = new CrashPoints(dir).watch('port', new Port(), {
  act: 'acts',
  fail: 'acts',
  find: 'finds',
  look: 'looks',
});
for (const call of calls) {
  if (call === 'act') console.log(`answered ${await port.act()}`);
  if (call === 'fail') console.log(await port.fail().catch((error: unknown) => String(error)));
  if (call === 'find') console.log(`found ${await port.find()}`);
  if (call === 'look') console.log(port.look());
}
