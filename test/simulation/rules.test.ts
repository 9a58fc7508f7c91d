import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHistory } from './history.ts';
import type { Behaviour, Program, ProgramStep, Settings } from './program.ts';
import { simulate } from './simulate.ts';

const place = { project: 0, environment: 0 };

/** Of histories that once went wrong, each in a way of its own. Where random programs change they are others, and go well too. */
const onceWrong = [1731, 1820, 1904, 4465, 5306, 5704, 6420, 6476, 7239, 8467, 8647, 18195, 18642];

for (const seed of onceWrong) {
  test(`rule 5.9: the history of seed ${seed}, which once went wrong, goes well`, async () => {
    const { findings } = await simulate(seed);
    assert.deepEqual(findings, []);
  });
}

test('rule 5.2: a rollback to a standby that has the traffic already takes its part of it, instance by instance', async () => {
  const shares: number[] = [];
  const findings = await findingsOf(
    { replicas: 3, observationMs: 30_000, standby: 'one' },
    [deploy(100), deploy(10_000, 'crash-loop')],
    (line) => {
      const [, share] = /setRoute\(.*"candidate":3,"share":(\d+)/.exec(line) ?? [];
      if (share !== undefined) shares.push(Number(share));
    },
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(shares, [50, 67]);
});

test('rule 5.4: nothing stands behind a version any more once the one before it is stopped, though its rollout is paused', async () => {
  // The control plane stands still at each write of the second rollout, until the observation is over and the standby may go.
  for (let skip = 0; skip < 12; skip += 1) {
    const findings = await findingsOf({ observationMs: 4_000 }, [
      deploy(100),
      { at: 9_990, fault: { kind: 'call', call: 'database.write', skip, what: 'stop-after', ms: 20_000 } },
      deploy(10_000),
      { at: 15_000, operation: { kind: 'pause', place, back: 0 } },
    ]);
    assert.deepEqual(findings, [], `write ${skip}`);
  }
});

test('rule 5.2: requests that came between the wish to hold and the hold may finish, though a crash was in between', async () => {
  const findings = await findingsOf({ strategy: 'recreate' }, [
    deploy(100),
    { at: 9_990, fault: { kind: 'call', call: 'router.setRoute', skip: 0, what: 'crash-before', ms: 2_000 } },
    deploy(10_000),
    ...visits(10_200, 12),
  ]);
  assert.deepEqual(findings, []);
});

test('rule 5.2: the version that comes back goes through the gate, however long the clock says that requests have waited', async () => {
  for (let at = 10_550; at <= 11_250; at += 50) {
    const findings = await findingsOf({ strategy: 'recreate' }, [
      deploy(100),
      deploy(10_000),
      ...visits(10_200, 20),
      { at, fault: { kind: 'crash', ms: 2_000 } },
      { at: at + 100, fault: { kind: 'clock-jump', ms: 3_600_000 } },
    ]);
    assert.deepEqual(findings, [], `a crash at ${at} ms`);
  }
});

test('rule 5.3: a rollout that is taken back gives all of its share back, though the clock was set back before it', async () => {
  const fails = { kind: 'call', call: 'runtime.start', skip: 0, what: 'fail', ms: 0 } as const;
  const findings = await findingsOf({ replicas: 3 }, [
    deploy(100),
    { at: 5_000, fault: { kind: 'clock-jump', ms: -60_000 } },
    deploy(10_000),
    // The first instance serves; the second one cannot be started.
    ...Array.from({ length: 5 }, () => ({ at: 10_450, fault: fails })),
    ...visits(11_000, 60),
  ]);
  assert.deepEqual(findings, []);
});

test('rule 2.4: of two control planes that delete one environment, the slower one leaves alone what was given to another since', async () => {
  const other = { project: 0, environment: 1 };
  // Its list of what there is comes late, whichever of its readings that is.
  for (let skip = 0; skip < 4; skip += 1) {
    const findings = await findingsOf({}, [
      { at: 50, operation: { kind: 'create-environment', place: other } },
      deploy(100, 'good', other),
      { at: 3_000, fault: { kind: 'call', call: 'records.desired', skip, what: 'late-answer', ms: 20_000 } },
      { at: 3_000, operation: { kind: 'delete-environment', place: other } },
      { at: 3_100, fault: { kind: 'second-plane', ms: 40_000 } },
      deploy(16_000),
      ...visits(20_000, 12),
    ]);
    assert.deepEqual(findings, [], `reading ${skip}`);
  }
});

function deploy(at: number, behaviour: Behaviour = 'good', where = place): ProgramStep {
  return { at, operation: { kind: 'deploy', place: where, behaviour, again: false } };
}

/** Moments at which visitors come. */
function visits(from: number, count: number): readonly ProgramStep[] {
  return Array.from({ length: count }, (_, index) => ({
    at: from + index * 300,
    operation: { kind: 'variables', place, value: 1 },
  }));
}

async function findingsOf(
  settings: Partial<Settings>,
  steps: readonly ProgramStep[],
  trace: ((line: string) => unknown) | null = null,
) {
  const program: Program = {
    seed: 1,
    projects: 1,
    environments: 1,
    settings: { ...usual, ...settings },
    jitterMs: 0,
    steps: steps.toSorted((a, b) => a.at - b.at),
  };
  return (await runHistory({ program, trace })).findings;
}

const usual: Settings = {
  strategy: 'rolling',
  replicas: 1,
  observationMs: 0,
  standby: 'all',
  worker: false,
  release: false,
};
