import { largestBucket, microsecondsPerBucket, quietBucket } from './evidence/cpu.ts';
import { broken as brokenNames, coldStartName, planOf, type Size } from './evidence/plan.ts';
import { runCells } from './evidence/run-cells.ts';
import { healthy, incidents, unseen } from './evidence/scenarios.ts';
import { Summary } from './evidence/summary.ts';
import { trafficScenarios } from './evidence/traffic-scenarios.ts';
import { atLeast, atMost, type Bench, type Figure } from './figure.ts';

/** The acceptance of the evidence rule: the shipped rule and state machine on a virtual clock, with seeds. Loads in requests a second. */
export const run: Bench = async ({ quick, full, say }) => {
  const size: Size = full === true ? 'full' : quick ? 'quick' : 'normal';
  const cells = planOf(size);
  const total = cells.reduce((sum, { runs }) => sum + runs, 0);
  const cpu = cpuFigures();
  say(`${total} simulated deployments in ${cells.length} cells`);
  let said = 0;
  const results = await runCells(cells, (share) => {
    if (share < said + 0.1) return;
    said += 0.1;
    say(`${Math.round(share * 100)} %`);
  });
  const summary = new Summary(cells, results);
  for (const line of summary.lines()) say(line);
  return [
    ...falseRollbacks(summary),
    ...brokenFigures(summary),
    ...detectionFigures(summary),
    ...unseenFigures(summary),
    ...cpu,
  ];
};

function named(metric: string, value: number, unit: string) {
  return { bench: 'evidence', metric, value, unit };
}

function falseRollbacks(summary: Summary): Figure[] {
  const inIncidents = summary.only(({ scenario }) => scenario in incidents);
  const good = summary.only(({ scenario }) => scenario in healthy || scenario in incidents);
  const cold = summary.only(({ scenario }) => scenario === coldStartName);
  return [
    atMost(1, named(`false rollbacks, ${good.runs} healthy, incident and drift runs`, good.rolledBack, 'rollbacks')),
    atMost(1, named(`shared incident blamed, ${inIncidents.runs} runs`, inIncidents.rolledBack, 'rollbacks')),
    atMost(0.01, named(`cold start rolled back, ${cold.runs} runs`, cold.rolledBack / cold.runs, 'share')),
    atMost(0.01, named('cold start rolled back, worst load and mode', cold.largestShare, 'share')),
  ];
}

/** Canary and direct have different bars for the failed requests of a version that is broken altogether. */
function brokenFigures(summary: Summary): Figure[] {
  const broken = summary.only(({ scenario }) => brokenNames.includes(scenario));
  const bars = [
    { mode: 'canary', usual: 8, large: 15 },
    { mode: 'direct', usual: 25, large: 140 },
  ] as const;
  const failed = bars.flatMap(({ mode, usual, large }) => {
    const of = broken.only((cell) => cell.mode === mode);
    const at = (loads: readonly number[]) => of.only(({ rps }) => loads.includes(rps)).worst('failed', 0.9);
    return [
      atMost(usual, named(`100 % broken, ${mode}, 1-100 rps: failed p90`, at([1, 10, 100]), 'requests')),
      atMost(large, named(`100 % broken, ${mode}, 1000 rps: failed p90`, at([1_000]), 'requests')),
    ];
  });
  const seconds = (load: number) => broken.only(({ rps }) => rps === load).worst('seconds', 0.5);
  return [
    ...failed,
    atLeast(1, named('100 % broken: found, worst load and mode', broken.smallestShare, 'share')),
    atMost(10, named('100 % broken, 10 rps: found p50', seconds(10), 's')),
    atMost(1, named('100 % broken, 100 rps: found p50', seconds(100), 's')),
  ];
}

function detectionFigures(summary: Summary): Figure[] {
  const of = (name: string, ...loads: number[]) =>
    summary.only(({ scenario, rps }) => scenario === name && loads.includes(rps));
  const tenfold = '10x: 1 to 10 %';
  const inIncident = '100 % bad during a 30 % incident';
  const every = [0.2, 1, 10, 100, 1_000];
  return [
    atLeast(1, named('10x of 1 %, from 10 rps: found', of(tenfold, 10, 100, 1_000).smallestShare, 'share')),
    atMost(35, named('10x of 1 %, 1-100 rps: failed p50', of(tenfold, 1, 10, 100).worst('failed', 0.5), 'requests')),
    atLeast(1, named('100 % bad in a 30 % incident: found', of(inIncident, ...every).smallestShare, 'share')),
    atMost(
      35,
      named(
        '100 % bad in a 30 % incident, 10-100 rps: failed p90',
        of(inIncident, 10, 100).worst('failed', 0.9),
        'requests',
      ),
    ),
    atLeast(1, named('100 % bad late, 10 rps: found', of('late, 0.1 to 100 %', 10).smallestShare, 'share')),
    atMost(
      25,
      named('100 % bad late, 10 rps: failed p90', of('late, 0.1 to 100 %', 10).worst('failed', 0.9), 'requests'),
    ),
    atLeast(
      0.95,
      named(
        'one route of 10 % broken, from 10 rps: found',
        of('one route (10 %) broken, 1 % usual', 10, 100, 1_000).smallestShare,
        'share',
      ),
    ),
    atLeast(
      0.95,
      named(
        'fails under load only, from 100 rps: found',
        of('fails under load only, 30 %', 100, 1_000).smallestShare,
        'share',
      ),
    ),
  ];
}

/** The same bound as for the scenarios that the rule was designed with. */
function unseenFigures(summary: Summary): Figure[] {
  const names = [...Object.keys(unseen), ...Object.keys(trafficScenarios)];
  const all = summary.only(({ scenario }) => names.includes(scenario));
  const each = names.map((name) => {
    const of = summary.only(({ scenario }) => scenario === name);
    return atMost(1, named(`false rollbacks, ${name}, ${of.runs} runs`, of.rolledBack, 'rollbacks'));
  });
  return [
    atMost(1, named(`false rollbacks, new scenarios together, ${all.runs} runs`, all.rolledBack, 'rollbacks')),
    ...each,
  ];
}

function cpuFigures(): Figure[] {
  return [
    atMost(25, named('CPU of the largest bucket', microsecondsPerBucket(largestBucket), 'us')),
    atMost(1, named('CPU of a bucket without failures', microsecondsPerBucket(quietBucket), 'us')),
  ];
}
