import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform } from '../harness/platform.ts';
import { createBenchRepository, type BenchRepository } from './bench-repository.ts';
import { atLeast, atMost, type Bench, type BenchOptions, type Figure } from './figure.ts';
import { defaultMix } from './load/load-options.ts';
import { startLoad, type LoadProcess } from './load/load-process.ts';
import type { LoadReport } from './load/report.ts';
import { isCompleted, isInTraffic, PlatformApi } from './platform-api.ts';

const bench = 'deploys';
const drainTimeoutMs = 5_000;

interface Target {
  readonly deployments: number;
  readonly requests: number;
}

interface RouterCount {
  /** Deployments that were completed. */
  completed: number;
  total: number;
  failed: number;
}

/** Deployments in a row of an app that exits at once on SIGTERM, under a client that records every request. The bar is 0 failed. */
export const run: Bench = async (options) => {
  const target = options.quick ? { deployments: 6, requests: 5_000 } : { deployments: 50, requests: 100_000 };
  await using platform = await startPlatform();
  await using repository = await createBenchRepository();
  const api = new PlatformApi(platform, 'bench');
  await api.createProject(repository.url);
  await api.setSettings({ drainTimeoutMs, stopGraceMs: 2_000, replicas: 1 });
  options.say('the first deployment, without load');
  await api.deploy();

  await using load = startLoad({
    address: '127.0.0.1',
    port: platform.routerPort,
    host: 'bench.localhost',
    ratePerSecond: 300,
    mix: defaultMix,
    webSockets: 10,
    eventStreams: 10,
    drainTimeoutMs,
    timeoutMs: 10_000,
    toleranceMs: 250,
  });
  const counted = await deployInARow(api, repository, load, target.deployments, options);
  while (load.requests() < target.requests) await sleep(1_000);
  return figures(target, counted, await load.stop(), options);
};

/** The first half with one replica, the second with three. Each is a new commit. */
async function deployInARow(
  api: PlatformApi,
  repository: BenchRepository,
  load: LoadProcess,
  deployments: number,
  { say }: BenchOptions,
): Promise<RouterCount> {
  const counted: RouterCount = { completed: 0, total: 0, failed: 0 };
  for (let n = 1; n <= deployments; n++) {
    const replicas = n * 2 <= deployments ? 1 : 3;
    await api.setSettings({ replicas });
    await repository.change(n);
    const number = await api.trigger();
    const { readyAt } = await api.waitFor(number, isInTraffic);
    load.noteSwitch({ version: number, at: Date.parse(readyAt ?? '') });
    const { requests } = await api.waitFor(number, isCompleted);
    counted.completed += 1;
    counted.total += requests?.total ?? 0;
    counted.failed += requests?.failed ?? 0;
    say(
      `#${number} of ${deployments + 1} (${replicas} replicas): router counted ${requests?.failed} of ${requests?.total} failed`,
    );
  }
  return counted;
}

function figures(target: Target, counted: RouterCount, report: LoadReport, { say }: BenchOptions): Figure[] {
  for (const sample of report.samples) say(`failed: ${JSON.stringify(sample)}`);
  say(`requests by kind: ${JSON.stringify(report.requestsByKind)}; failures: ${JSON.stringify(report.failures)}`);
  say(`latency in ms: ${JSON.stringify(report.latency)}`);
  return [
    atMost(0, { bench, metric: 'failed requests (client)', value: report.failed, unit: 'requests' }),
    atLeast(target.requests, { bench, metric: 'requests (client)', value: report.requests, unit: 'requests' }),
    atMost(0, { bench, metric: 'failed requests (router)', value: counted.failed, unit: 'requests' }),
    atLeast(1, { bench, metric: 'requests during deployments (router)', value: counted.total, unit: 'requests' }),
    atLeast(target.deployments, { bench, metric: 'deployments', value: counted.completed, unit: 'deployments' }),
    atLeast(1, {
      bench,
      metric: 'streams that lived until the drain timeout',
      value: report.streamsClosedInTime,
      unit: 'streams',
    }),
    atMost(10_000, { bench, metric: 'slowest answer', value: Math.round(report.latency.max), unit: 'ms' }),
    atMost(1_000, { bench, metric: 'client behind its own clock', value: Math.round(report.worstLagMs), unit: 'ms' }),
  ];
}
