import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHistory } from './history.ts';
import type { Program } from './program.ts';
import { sabotages } from './sabotage.ts';
import { shrink } from './shrink.ts';
import { simulateMany } from './simulate-many.ts';
import { programOf, simulate } from './simulate.ts';

/** Others than those that the bench begins with. */
const firstSeed = 1_000_000;
const histories = 2_000;
/** Of programs with commits only, because a build takes its time. Most tell of most faults; of a route that is not set, which the reconciler sets soon after, one in seventy or so. */
const sabotagedSeeds = 300;

test('rule 5.9: whatever operations, crashes and faults a seed brings, nothing fails, nothing is lost and nothing is left behind', async () => {
  const { sums, failed } = await simulateMany({
    processes: 2,
    first: firstSeed,
    count: histories,
    progress: () => undefined,
  });
  const seen = failed.map(({ seed, code, message }) => `${code}: ${message}; bin/bench simulate --seed ${seed}`);
  assert.deepEqual(seen, []);
  assert.equal(sums.histories, histories);
  assert.ok(sums.operations >= 20 * histories, `${sums.operations} operations`);
  assert.ok(sums.faults >= 5 * histories, `${sums.faults} faults`);
  assert.ok(sums.crashes > 0);
});

test('two histories of one seed are alike to the last call, so that what has failed can be seen again', async () => {
  const [first, second] = [await traceOf(7), await traceOf(7)];
  assert.ok(first.length > 500, `only ${first.length} lines`);
  assert.deepEqual(first, second);
});

test('a program has at least 20 operations and 5 faults, and another seed is another program', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const { steps } = programOf(seed);
    assert.ok(steps.filter((step) => 'operation' in step).length >= 20);
    assert.ok(steps.filter((step) => 'fault' in step).length >= 5);
  }
  assert.notDeepEqual(programOf(1).steps, programOf(2).steps);
});

for (const [name, sabotage] of Object.entries(sabotages)) {
  test(`a platform with ${name} is found out`, async () => {
    for (let seed = 1; seed <= sabotagedSeeds; seed += 1) {
      const { findings } = await simulate(seed, { sabotage, onlyGit: true });
      if (findings.length > 0) return;
    }
    assert.fail(`${sabotagedSeeds} histories saw nothing wrong`);
  });
}

test('a failing program is made smaller for as long as it fails', async () => {
  const program = programOf(3);
  const culprits = [program.steps[4], program.steps[17]];
  const smallest = await shrink(program, ({ steps }) =>
    Promise.resolve(culprits.every((one) => one && steps.includes(one))),
  );
  assert.deepEqual(smallest.steps, culprits);
});

test('rule 2.4: a deployment goes on within a minute when the clock is set back while nobody leads it', async () => {
  const place = { project: 0, environment: 0 };
  const { findings } = await history([
    { at: 100, operation: { kind: 'deploy', place, behaviour: 'slow', again: false } },
    { at: 900, fault: { kind: 'crash', ms: 2_000 } },
    { at: 1_000, fault: { kind: 'clock-jump', ms: -3_600_000 } },
  ]);
  assert.deepEqual(findings, []);
});

test('rule 5.9: whichever answer of the database is lost, the deployment is completed, and the next one drains it', async () => {
  const place = { project: 0, environment: 0 };
  // Nothing but moments at which visitors come.
  const looks = [20_300, 20_600, 20_900].map(
    (at) => ({ at, operation: { kind: 'variables', place, value: 1 } }) as const,
  );
  for (let skip = 0; skip < 14; skip += 1) {
    const retries: string[] = [];
    const { findings } = await history(
      [
        { at: 190, fault: { kind: 'call', call: 'database.write', skip, what: 'lose-answer', ms: 0 } },
        { at: 200, operation: { kind: 'deploy', place, behaviour: 'good', again: false } },
        { at: 20_000, operation: { kind: 'deploy', place, behaviour: 'good', again: false } },
        ...looks,
      ],
      (line) => line.includes('step failed') && retries.push(line),
    );
    assert.deepEqual(findings, [], `answer ${skip}`);
    assert.ok(retries.length <= 1, retries.join('\n'));
  }
});

function history(steps: Program['steps'], trace: ((line: string) => unknown) | null = null) {
  const settings = {
    strategy: 'rolling',
    replicas: 1,
    observationMs: 0,
    standby: 'all',
    worker: false,
    release: false,
  } as const;
  return runHistory({ program: { seed: 1, projects: 1, environments: 1, settings, jitterMs: 0, steps }, trace });
}

async function traceOf(seed: number): Promise<readonly string[]> {
  const lines: string[] = [];
  await simulate(seed, { trace: (line) => lines.push(line) });
  return lines;
}
