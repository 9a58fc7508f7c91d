import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { nameOf, parseCase, sample, scenarioNames, type CrashCase } from './crash-case.ts';
import { Enumeration } from './enumerate.ts';

/** A few points that change with the commit; `bin/bench crash` runs more, and `--all` every one. */
const pointsOfACommit = 6;

/** Each of these was wrong once. */
const foundBefore = [
  // It had its slot, and was never said to be deploying: it stayed `running` for ever, with all of the traffic.
  'good:deployments.takeSlot:1:after',
];

const enumeration = new Enumeration((line) => console.error(line));
after(() => enumeration[Symbol.asyncDispose]());

for (const name of foundBefore) test(`once wrong: ${name}`, (t) => check(t, parseCase(name)));

test('5.9 a control plane that is killed anywhere costs no request, and its deployment ends as it must, with nothing left behind', async (t) => {
  const seed = commit();
  // The first two take their time, so one of them is enough; the 150 MB of the last one would take the processors from the tests beside it.
  const scenarios = scenarioNames.filter(
    (name) => name !== (/[0-7]$/.test(seed) ? 'bad' : 'rollback') && name !== 'upload',
  );
  const cases = sample(await enumeration.cases(scenarios), pointsOfACommit, seed);
  assert.equal(cases.length, pointsOfACommit);
  for (const one of cases) await t.test(nameOf(one), (point) => check(point, one));
});

async function check(t: { diagnostic(message: string): void }, one: CrashCase): Promise<void> {
  const { reached, problems, requests } = await enumeration.run(one);
  assert.deepEqual(problems, []);
  assert.ok(requests > 0);
  if (!reached) t.diagnostic('this run did not come to the point');
}

/** Where there is no Git, the same points each time. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch (error) {
    console.error(`the points do not change with the commit: ${String(error)}`);
    return 'no commit';
  }
}
