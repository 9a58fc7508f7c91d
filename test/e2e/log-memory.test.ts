import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type { WireLogLine } from '../../src/contract/schemas/log.ts';
import { usageOf } from '../bench/process-usage.ts';
import { flooding } from './apps.ts';
import { openEvents } from './event-stream.ts';
import { Stage } from './stage.ts';

/** `CUTOVER_TEST_LOG_MB`: how much the app prints; 150 by default, so that the test is short. */
const megabytes = Number(process.env['CUTOVER_TEST_LOG_MB'] ?? 150);
const limitMs = 20_000 + megabytes * 500;
const sampleMs = 100;
const allowedMb = 50;
const littleMb = 10;

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const mb = (value: number) => `${value.toFixed(1)} MB`;

/** PSS of the control plane, with what it had at most while it was looked at. */
class MemoryWatch implements AsyncDisposable {
  readonly #done = new AbortController();
  readonly #watching: Promise<void>;
  mostMb = 0;

  constructor() {
    this.#watching = this.#watch();
  }

  static async nowMb(): Promise<number> {
    return (await usageOf([stage.platform.pids.controlPlane])).pssMb;
  }

  async #watch(): Promise<void> {
    while (!this.#done.signal.aborted) {
      this.mostMb = Math.max(this.mostMb, await MemoryWatch.nowMb());
      await sleep(sampleMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#done.abort();
    await this.#watching;
  }
}

interface Flood {
  readonly lines: number;
  readonly mostMb: number;
}

/** An app prints so much, and somebody follows it to its end. */
async function follow(project: string, printedMb: number): Promise<Flood> {
  await stage.project(project, flooding(printedMb));
  const { instances, deployment } = await stage.deploy(project);
  assert.equal(deployment.state, 'completed', JSON.stringify(deployment.failure));
  await stage.visit(`${project}.localhost`, '/flood');
  const path = `/api/projects/${project}/deployments/1/logs/${instances[0]?.id ?? ''}`;
  await using watch = new MemoryWatch();
  let lines = 0;
  let last = '';
  for await (const { data } of openEvents<WireLogLine>(stage, { path, signal: AbortSignal.timeout(limitMs) })) {
    lines += 1;
    last = data.text;
    if (last === 'the flood is over') break;
  }
  assert.equal(last, 'the flood is over');
  return { lines, mostMb: watch.mostMb };
}

test(
  'a flood of log lines with a follower at its end moves the memory of the control plane by at most 50 MB',
  {
    timeout: limitMs + 60_000,
  },
  async (t) => {
    // What a little of it takes, so that where the heap happens to be does not count.
    const { mostMb: beforeMb } = await follow('drizzle', littleMb);
    const began = performance.now();
    const { lines, mostMb } = await follow('flood', megabytes);
    const seconds = (performance.now() - began) / 1_000;
    const afterMb = await MemoryWatch.nowMb();
    t.diagnostic(
      `${megabytes} MB printed, ${lines} lines read in ${seconds.toFixed(1)} s; PSS with ${littleMb} MB at most ${mb(beforeMb)}, then ${mb(mostMb)}, after ${mb(afterMb)}`,
    );
    assert.ok(lines > 10_000, `${lines} lines were followed`);
    assert.ok(mostMb - beforeMb <= allowedMb, `${mb(mostMb - beforeMb)} more while it was printed`);
    assert.ok(afterMb - beforeMb <= allowedMb, `${mb(afterMb - beforeMb)} more afterwards`);
  },
);
