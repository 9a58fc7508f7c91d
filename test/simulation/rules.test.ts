import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHistory } from './history.ts';
import type { Behaviour, Program, ProgramStep, Settings } from './program.ts';
import { simulate } from './simulate.ts';

const place = { project: 0, environment: 0 };

/** Of histories that once went wrong, each in a way of its own. Where random programs change they are others, and go well too. */
const onceWrong = [
  1731, 1820, 1904, 4465, 5306, 5704, 6420, 6476, 7239, 8467, 8647, 18195, 18642, 770763, 774568, 909976, 2001041,
  2002299, 2003174, 2004579, 2006267, 2013525, 2015555, 2019203, 2019900, 3004071, 3011083, 4018026, 6010290, 7011055,
  7015862, 13012584, 14000687, 14011523, 20017044, 30000129, 40003463, 40017733, 60038993, 60079274, 70011213, 70069242,
  70075283, 70090100, 80007303, 90069622, 110011286,
];

for (const seed of onceWrong) {
  test(`rule 5.9: the history of seed ${seed}, which once went wrong, goes well`, async () => {
    const { findings } = await simulate(seed, { onlyGit: true });
    assert.deepEqual(findings, []);
  });
}

test('rule 5.1: a process that exits fails the gate at once, before its address can be asked for somebody else', async () => {
  const times = { started: NaN, failed: NaN };
  await findingsOf({}, [deploy(100, 'exits')], (line) => {
    const at = Number.parseInt(line, 10);
    if (line.includes('runtime.start(')) times.started = at;
    if (line.includes('gate.failed')) times.failed = at;
  });
  assert.ok(times.failed - times.started < 50, `after ${times.failed - times.started} ms`);
});

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

test('rule 5.2: a clock that is set while requests wait makes nobody give up the new version', async () => {
  const times = { held: NaN, set: NaN, released: NaN };
  const findings = await findingsOf(
    { strategy: 'recreate' },
    [
      deploy(100),
      deploy(10_000, 'slow'),
      { at: 11_500, fault: { kind: 'clock-jump', ms: 3_600_000 } },
      { at: 11_800, fault: { kind: 'crash', ms: 200 } },
    ],
    (line) => {
      const at = Number.parseInt(line, 10);
      if (line.includes('setRoute') && line.includes('"mode":"held"')) times.held = at;
      if (line.includes('clock-jump')) times.set = at;
      if (line.includes('setRoute') && line.includes('"stable":2')) times.released = at;
      assert.ok(!line.includes('gate.failed'), line);
    },
  );
  assert.deepEqual(findings, []);
  assert.ok(times.held < times.set && times.set < times.released, 'it is set while they wait');
  assert.ok(times.released - times.held < 10_000, `after ${times.released - times.held} ms`);
});

test('rule 5.7: files that are promoted have no processes, whatever the environment that they come to runs beside others', async () => {
  const staging = { project: 0, environment: 1 };
  const steps: readonly ProgramStep[] = [
    { at: 100, operation: { kind: 'deploy', place, behaviour: 'good', again: false, way: 'bundle' } },
    {
      at: 10_000,
      operation: { kind: 'settings', place: staging, settings: { ...usual, worker: true, release: true } },
    },
    { at: 15_000, operation: { kind: 'promote', place, to: 1 } },
  ];
  let completed = 0;
  const { findings } = await runHistory({
    program: { seed: 1, projects: 1, environments: 2, settings: usual, jitterMs: 0, steps },
    trace: (line) => {
      if (line.includes('database.write') && line.includes('"kind":"complete"')) completed += 1;
    },
  });
  assert.deepEqual(findings, []);
  assert.equal(completed, 2);
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

test('rule 5.2: where nobody was there while requests were to wait, the old version answers them before it is stopped', async () => {
  for (const call of ['router.setRoute', 'router.inFlight', 'runtime.stop']) {
    let failed = false;
    const steps: readonly ProgramStep[] = [
      deploy(100, 'slow'),
      { at: 9_990, fault: { kind: 'call', call, skip: 0, what: 'stop-before', ms: 60_000 } },
      deploy(10_000),
      { at: 11_000, fault: { kind: 'crash', ms: 20_000 } },
      ...visits(10_200, 90),
    ];
    const findings = await findingsOf({ strategy: 'recreate' }, steps, (line) => {
      failed ||= line.includes('gate.failed');
    });
    assert.deepEqual(findings, [], `before ${call}`);
    // Nobody knows how far one has come that was asked to stop.
    assert.equal(failed, call === 'runtime.stop', `before ${call}: the new one has all of its time`);
  }
});

test('rule 5.2: what served before is started again, also where the hold is over before that could be written', async () => {
  for (let skip = 8; skip < 16; skip += 1) {
    const findings = await findingsOf({ strategy: 'recreate' }, [
      deploy(100),
      { at: 9_990, fault: { kind: 'call', call: 'database.write', skip, what: 'hang', ms: 12_000 } },
      deploy(10_000, 'unhealthy'),
      ...visits(10_200, 150),
    ]);
    assert.deepEqual(findings, [], `write ${skip}`);
  }
});

test('rule 2.2: whoever stood still while somebody else paused the rollout lets go of it without a word', async () => {
  for (let skip = 0; skip < 4; skip += 1) {
    const findings = await findingsOf({}, [
      deploy(100),
      deploy(10_000, 'slow'),
      { at: 11_000, fault: { kind: 'call', call: 'database.record', skip, what: 'suspend-before', ms: 20_000 } },
      { at: 11_000, operation: { kind: 'pause', place, back: 0 } },
      { at: 12_000, fault: { kind: 'second-plane', ms: 60_000 } },
    ]);
    assert.deepEqual(findings, [], `reading ${skip}`);
  }
});

test('rule 5.5: of two control planes that tend a crash, the later one leaves alone what the other has put back', async () => {
  // The first one hears of the end of instances that the second one has stopped, and started again, in the meantime.
  for (let ms = 20_000; ms <= 24_000; ms += 500) {
    const findings = await findingsOf({ strategy: 'recreate', replicas: 2 }, [
      deploy(100),
      { at: 9_990, fault: { kind: 'call', call: 'router.setRoute', skip: 0, what: 'suspend-after', ms } },
      deploy(10_000, 'unhealthy'),
      { at: 11_000, fault: { kind: 'second-plane', ms: 60_000 } },
      ...visits(20_000, 70),
    ]);
    assert.deepEqual(findings, [], `suspended for ${ms} ms`);
  }
});

test('rule 5.9: a change of a route that comes late, when another control plane has changed it since, undoes nothing', async () => {
  const findings = await findingsOf({}, [
    { at: 90, fault: { kind: 'call', call: 'router.setRoute', skip: 0, what: 'late', ms: 20_000 } },
    deploy(100),
    { at: 2_700, fault: { kind: 'second-plane', ms: 60_000 } },
    deploy(6_900),
    { at: 9_400, fault: { kind: 'stop', ms: 20_000 } },
    ...visits(12_000, 60),
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

test('rule 5.5: an instance that is drained while its rollout is paused is made again where somebody removes it', async () => {
  for (let at = 10_100; at <= 10_900; at += 100) {
    const findings = await findingsOf({ strategy: 'blue-green', replicas: 2, observationMs: 4_000, standby: 'none' }, [
      deploy(100),
      ...visits(9_000, 8),
      deploy(10_000),
      { at, operation: { kind: 'pause', place, back: 0 } },
      { at: at + 1_000, fault: { kind: 'remove-container', pick: 0 } },
    ]);
    assert.deepEqual(findings, [], `paused at ${at} ms`);
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
