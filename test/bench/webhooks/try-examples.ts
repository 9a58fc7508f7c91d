import { randomUUID } from 'node:crypto';
import type { WireDelivery } from '../../../src/contract/schemas/webhook.ts';
import type { Stage } from '../../e2e/stage.ts';
import { githubSignature, send, type HookAddress } from '../../harness/github-deliveries.ts';
import { githubExamples, type GithubExample } from '../../webhooks/github-examples.ts';

interface Counted {
  payloads: number;
  notTaken: number;
  notRefused: number;
  notKnown: number;
  withoutReason: number;
  effects: number;
}

/** Every payload signed, then badly signed, cut off and changed, then again as it was: what was answered, and what came of it. */
export async function tryExamples(stage: Stage, hook: HookAddress, say: (line: string) => void): Promise<Counted> {
  const counted = { payloads: 0, notTaken: 0, notRefused: 0, notKnown: 0, withoutReason: 0, effects: 0 };
  const before = await deployments(stage);
  const [newest] = await page(stage, null);
  const examples = githubExamples();
  for (const example of examples) await tryOne(example, hook, counted);
  say(`${examples.length} payloads were sent, each six times`);
  await stage.until('all to be worked on', async () => ((await page(stage, null)).some(isPending) ? null : true));
  for await (const delivery of allAfter(stage, newest?.sequence ?? 0))
    if (delivery.reason === null || delivery.projects.length > 0) counted.withoutReason += 1;
  counted.effects = (await deployments(stage)) - before;
  return counted;
}

async function tryOne(
  { event, payload }: GithubExample,
  { url, secret }: HookAddress,
  counted: Counted,
): Promise<void> {
  const body = JSON.stringify(payload);
  const signature = githubSignature(body, secret);
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': signature,
  };
  counted.payloads += 1;
  const first = await send(url, body, headers);
  if (first.status !== 202) counted.notTaken += 1;
  const flipped = `${signature.slice(0, -1)}${signature.endsWith('0') ? '1' : '0'}`;
  const middle = Math.floor(body.length / 2);
  const changed = `${body.slice(0, middle)}~${body.slice(middle + 1)}`;
  const mutated = [
    await send(url, body, { ...headers, 'x-hub-signature-256': flipped }),
    await send(url, body.slice(0, -1), headers),
    await send(url, changed, headers),
  ];
  counted.notRefused += mutated.filter(({ status }) => status !== 401).length;
  const again = [
    await send(url, body, headers),
    await send(url, body, { ...headers, 'x-github-delivery': randomUUID() }),
  ];
  counted.notKnown += again.filter(({ status, body: { outcome } }) => status !== 202 || outcome !== 'replayed').length;
}

const isPending = ({ state }: WireDelivery) => state === 'pending';

async function page(stage: Stage, before: number | null): Promise<readonly WireDelivery[]> {
  const path = `/api/webhook-deliveries?limit=200${before === null ? '' : `&before=${before}`}`;
  return (await stage.must<{ deliveries: readonly WireDelivery[] }>('GET', path)).deliveries;
}

async function* allAfter(stage: Stage, sequence: number): AsyncGenerator<WireDelivery> {
  for (let before: number | null = null; ;) {
    const deliveries = await page(stage, before);
    const fresh = deliveries.filter((delivery) => delivery.sequence > sequence);
    yield* fresh;
    if (fresh.length === 0 || fresh.length < deliveries.length) return;
    before = fresh.at(-1)?.sequence ?? null;
  }
}

async function deployments(stage: Stage): Promise<number> {
  const { projects } = await stage.must<{ projects: readonly { name: string }[] }>('GET', '/api/projects');
  const newest = await Promise.all(
    projects.map(({ name }) =>
      stage.must<{ deployments: readonly { number: number }[] }>('GET', `/api/projects/${name}/deployments?limit=1`),
    ),
  );
  return newest.reduce((sum, { deployments: [one] }) => sum + (one?.number ?? 0), 0);
}
