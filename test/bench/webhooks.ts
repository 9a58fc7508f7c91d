import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireWebhook } from '../../src/contract/schemas/webhook.ts';
import { Stage } from '../e2e/stage.ts';
import { deliverAsGithub, type HookAddress } from '../harness/github-deliveries.ts';
import { githubExamples } from '../webhooks/github-examples.ts';
import { atLeast, atMost, quantile, reported, type Bench, type BenchOptions, type Figure } from './figure.ts';
import { usageOf } from './process-usage.ts';
import { manyPushes } from './webhooks/many-pushes.ts';
import { tryExamples } from './webhooks/try-examples.ts';

const bench = 'webhooks';
const perSecond = 100;

/** Deliveries as providers send them: how fast they are answered, 1,000 pushes in 10 s, and all payloads of GitHub that the community knows. */
export const run: Bench = async (options) => {
  const cases: Readonly<Record<string, (stage: Stage, options: BenchOptions) => Promise<readonly Figure[]>>> = {
    answers,
    pushes: async (stage, { quick, say }) =>
      pushFigures(await manyPushes(stage, { pushes: quick ? 100 : 1_000, seconds: quick ? 3 : 10, say })),
    examples: tried,
  };
  await using stage = await Stage.open();
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(cases))
    if (options.only === undefined || options.only.includes(name)) figures.push(...(await measure(stage, options)));
  return figures;
};

async function platformHook(stage: Stage): Promise<HookAddress> {
  const { paths, secret } = await stage.must<WireWebhook>('PUT', '/api/platform-webhooks/github', {});
  return { url: `${stage.platform.apiUrl}${paths.github}`, secret };
}

/** Open loop: each is sent when it is due, whether or not earlier ones are answered, and its time counts from then. */
async function answers(stage: Stage, { quick, say }: BenchOptions): Promise<readonly Figure[]> {
  const hook = await platformHook(stage);
  const examples = githubExamples();
  const count = perSecond * (quick ? 10 : 60);
  say(`${count} deliveries, ${perSecond} a second`);
  const times: number[] = [];
  let wrong = 0;
  const { controlPlane, others } = stage.platform.pids;
  const before = await usageOf([controlPlane, ...others]);
  const begun = performance.now();
  const sent = Array.from({ length: count }, async (_, n) => {
    const due = begun + (n * 1_000) / perSecond;
    await sleep(Math.max(0, due - performance.now()));
    const example = examples[(n * 7) % examples.length];
    const payload = { ...example?.payload, delivery_of_the_bench: n };
    const delivery = { event: example?.event ?? 'ping', payload, id: randomUUID() };
    const status = await deliverAsGithub(hook, delivery).then((answer) => answer.status, describeError);
    if (status !== 202 && (wrong += 1) === 1) say(`not answered with 202: ${status}`);
    times.push(performance.now() - due);
  });
  await Promise.all(sent);
  const used = (await usageOf([controlPlane, ...others])).cpuSeconds - before.cpuSeconds;
  const answered = (metric: string, share: number) => figure(metric, quantile(times, share), 'ms');
  return [
    atLeast(count, figure(`deliveries answered at ${perSecond}/s`, times.length, 'deliveries')),
    atMost(0, figure('answers other than 202', wrong, 'answers')),
    reported(answered('answer p50', 0.5)),
    atMost(500, answered('answer p99', 0.99)),
    reported(answered('answer, the slowest', 1)),
    reported(figure('processor time of the platform for each', (used * 1_000) / count, 'ms')),
  ];
}

function describeError(error: unknown): string {
  return error instanceof Error ? `${error.message}: ${String(error.cause)}` : String(error);
}

function figure(metric: string, value: number, unit: string) {
  return { bench, metric, value, unit };
}

function pushFigures(counted: Awaited<ReturnType<typeof manyPushes>>): readonly Figure[] {
  return [
    atLeast(counted.pushes, figure('pushes in a row answered with 202', counted.answered, 'pushes')),
    reported(figure('time in which they were sent', counted.sentMs / 1_000, 's')),
    atMost(2, figure('builds that ran', counted.builds, 'builds')),
    atLeast(1, figure('the last commit serves', counted.lastServes ? 1 : 0, 'yes')),
    atMost(100, figure('control plane, memory more at its peak', counted.grownMb, 'MB (RSS)')),
    reported(figure('until every push was worked on', counted.workedMs / 1_000, 's')),
  ];
}

async function tried(stage: Stage, { say }: BenchOptions): Promise<readonly Figure[]> {
  const hook = await platformHook(stage);
  const counted = await tryExamples(stage, hook, say);
  return [
    atLeast(329, figure('payloads of GitHub, signed', counted.payloads, 'payloads')),
    atMost(0, figure('signed and not taken', counted.notTaken, 'payloads')),
    atMost(0, figure('changed, cut off or badly signed, and not refused', counted.notRefused, 'deliveries')),
    atMost(0, figure('sent again and not known', counted.notKnown, 'deliveries')),
    atMost(0, figure('without a reason why nothing followed', counted.withoutReason, 'deliveries')),
    atMost(0, figure('effects', counted.effects, 'deployments')),
  ];
}
