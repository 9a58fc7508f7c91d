import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHistory } from './history.ts';
import type { Behaviour, Place, Program, ProgramStep } from './program.ts';

const moments = 10;
const staging: Place = { project: 0, environment: 1 };

/** Rule 6 on virtual time: what happens just while an environment falls asleep or wakes. Everybody comes once more in the end. */
async function history(steps: readonly ProgramStep[], trace: ((line: string) => unknown) | null = null) {
  const program: Program = {
    seed: 1,
    projects: 1,
    environments: 2,
    settings: {
      strategy: 'rolling',
      replicas: 1,
      observationMs: 0,
      standby: 'all',
      worker: true,
      release: false,
    },
    jitterMs: 20,
    sleepAfterMs: 1_000,
    steps: [deploy(100), visit(3_000), ...steps].toSorted((a, b) => a.at - b.at),
  };
  return (await runHistory({ program, trace })).findings;
}

function deploy(at: number, behaviour: Behaviour = 'good'): ProgramStep {
  return { at, operation: { kind: 'deploy', place: staging, behaviour, again: false } };
}

/** A moment at which visitors come. */
function visit(at: number): ProgramStep {
  return { at, operation: { kind: 'variables', place: { project: 0, environment: 0 }, value: 1 } };
}

/** When it is asked to, counted from the first step on, and when it has. */
async function fallsAsleep(): Promise<{ readonly from: number; readonly to: number }> {
  const times = { began: NaN, from: NaN, to: NaN };
  await history([visit(20_000)], (line) => {
    const at = Number.parseInt(line, 10);
    if (line.includes('user: {"kind":"deploy"')) times.began = at - 100;
    if (line.includes('records.requestSleep(') && Number.isNaN(times.to)) times.from = at - times.began;
    if (line.includes('"kind":"asleep"') && Number.isNaN(times.to)) times.to = at - times.began;
  });
  return times;
}

async function whileItFalls(what: (at: number) => readonly ProgramStep[]): Promise<void> {
  const { from, to } = await fallsAsleep();
  assert.ok(to > from && to - from < 5_000, `it falls asleep from ${from} to ${to} ms`);
  for (let moment = 0; moment <= moments; moment += 1) {
    const at = Math.round(from - 150 + ((to - from + 200) * moment) / moments);
    assert.deepEqual(await history([...what(at), visit(30_000)]), [], `at ${at} ms`);
  }
}

test('rule 6: whoever comes while it falls asleep is served', () => whileItFalls((at) => [visit(at), visit(at + 7)]));

test('rule 6: what is deployed while it falls asleep wakes it first, also where the rollout is held', () =>
  whileItFalls((at) => [
    deploy(at, 'unhealthy'),
    visit(at + 500),
    { at: at + 2_500, operation: { kind: 'pause', place: staging, back: 0 } },
  ]));

test('rule 6: the control plane dies while it falls asleep, and whoever comes then is served', () =>
  whileItFalls((at) => [
    { at, fault: { kind: 'crash', ms: 1_000 } },
    visit(at + 500),
    { at: at + 1_500, fault: { kind: 'crash', ms: 500 } },
  ]));

test('rule 6: a second control plane, a reboot and a database that is gone, while it falls asleep', () =>
  whileItFalls((at) => [
    { at: at - 500, fault: { kind: 'second-plane', ms: 8_000 } },
    { at, fault: at % 40 === 0 ? { kind: 'database-gone', ms: 2_000 } : { kind: 'reboot', ms: 2_000 } },
    visit(at + 10),
  ]));

test('rule 6: whoever stood still while it fell asleep and woke takes nothing for a crash', async () => {
  const { from } = await fallsAsleep();
  const said = new Set<string>();
  const findings = await history(
    [
      { at: from - 600, fault: { kind: 'second-plane', ms: 60_000 } },
      { at: from - 300, fault: { kind: 'stop', ms: 10_500 } },
      visit(from + 8_000),
    ],
    (line) => {
      for (const word of ['"kind":"awake"', 'an instance crashed']) if (line.includes(word)) said.add(word);
    },
  );
  assert.deepEqual(findings, []);
  assert.deepEqual([...said], ['"kind":"awake"']);
});
