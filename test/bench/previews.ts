import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WirePreview } from '../../src/contract/schemas/preview.ts';
import type { WireWebhook } from '../../src/contract/schemas/webhook.ts';
import { answering } from '../e2e/apps.ts';
import { Stage } from '../e2e/stage.ts';
import { containersOf, routerState } from '../e2e/world.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { SeededChance } from '../simulation/random.ts';
import { atLeast, atMost, reported, type Bench, type BenchOptions } from './figure.ts';

const bench = 'previews';
const settleLimitMs = 900_000;

interface Pull {
  readonly number: number;
  open: boolean;
  text: string;
  commit: string;
  everOpened: boolean;
}

/**
 * Pull requests are opened, pushed to and closed in random order by signed webhooks, each told twice, while the control plane is killed now and
 * then. Afterwards exactly the open ones are there: in the database, as containers, in the router, and they answer with their newest commit.
 */
export const run: Bench = async (options) => {
  const size = options.quick ? { pulls: 6, events: 18, kills: 3 } : { pulls: 50, events: 150, kills: 12 };
  const chance = new SeededChance(Number(options.seed ?? 1));
  await using stage = await Stage.open({ slots: 400 });
  const repository = await stage.project('shop', answering('main'));
  await stage.must('PATCH', '/api/projects/shop/preview-settings', {
    pullRequests: true,
    limit: size.pulls,
    memoryMb: 64,
  });
  const hook = await stage.must<WireWebhook>('PUT', '/api/projects/shop/webhook', {});
  const pulls = Array.from({ length: size.pulls }, (_, at) => newPull(at + 1));
  const began = performance.now();
  let kills = 0;
  for (let at = 1; at <= size.events; at += 1) {
    if (kills < Math.floor((at * size.kills) / size.events)) {
      kills += 1;
      await stage.platform.killControlPlane();
      await stage.platform.startControlPlane();
    }
    const pull = pulls[Math.floor(chance.number() * pulls.length)] ?? newPull(0);
    await happen({ stage, repository, hook, chance }, pull, at);
  }
  const opened = pulls.filter(({ open }) => open);
  options.say(`${size.events} events, ${kills} kills, ${opened.length} of ${size.pulls} pull requests are open`);
  const wrong = await settle(stage, opened, options);
  const seconds = (performance.now() - began) / 1_000;
  return [
    atLeast(size.kills, { bench, metric: 'control plane killed', value: kills, unit: 'times' }),
    reported({ bench, metric: 'pull requests open at the end', value: opened.length, unit: '' }),
    atMost(0, {
      bench,
      metric: 'previews missing, left over or not of the newest commit',
      value: wrong.length,
      unit: '',
    }),
    reported({ bench, metric: 'until all of it was so', value: seconds, unit: 's' }),
  ];
};

function newPull(number: number): Pull {
  return { number, open: false, text: '', commit: '', everOpened: false };
}

interface Scene {
  readonly stage: Stage;
  readonly repository: TestRepository;
  readonly hook: WireWebhook;
  readonly chance: SeededChance;
}

async function happen(scene: Scene, pull: Pull, at: number): Promise<void> {
  if (pull.open && scene.chance.number() < 0.35) {
    pull.open = false;
    return tell(scene, pull, 'closed');
  }
  const action = pull.open ? 'synchronize' : pull.everOpened ? 'reopened' : 'opened';
  pull.text = `pull ${pull.number} at ${at}`;
  pull.commit = await scene.repository.commit(answering(pull.text), { branch: `b${pull.number}` });
  pull.open = true;
  pull.everOpened = true;
  await tell(scene, pull, action);
}

/** The same delivery twice, as a provider does that was not sure of the first answer. */
async function tell({ stage, repository, hook }: Scene, pull: Pull, action: string): Promise<void> {
  const side = { ref: `b${pull.number}`, sha: pull.commit, repo: { id: 1 } };
  const request = {
    title: pull.text,
    html_url: 'https://git.example/1',
    merged: false,
    user: { login: 'ada' },
    head: side,
  };
  const base = { ref: 'main', sha: pull.commit, repo: { id: 1 } };
  const payload = { action, number: pull.number, pull_request: { ...request, base } };
  const body = JSON.stringify({ ...payload, repository: { clone_url: repository.url }, sender: { login: 'ada' } });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'pull_request',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', hook.secret).update(body).digest('hex')}`,
  };
  for (let time = 0; time < 2; time += 1) {
    const signal = AbortSignal.timeout(30_000);
    const answer = await fetch(`${stage.platform.apiUrl}${hook.paths.github}`, {
      method: 'POST',
      headers,
      body,
      signal,
    });
    if (!answer.ok) throw new Error(`the delivery was answered ${answer.status}: ${await answer.text()}`);
  }
}

/** What is still wrong when the time is up; nothing as soon as nothing is. */
async function settle(stage: Stage, open: readonly Pull[], { say }: BenchOptions): Promise<readonly string[]> {
  const deadline = performance.now() + settleLimitMs;
  for (let round = 1; ; round += 1) {
    const wrong = await differences(stage, open);
    if (wrong.length === 0 || performance.now() > deadline) return wrong;
    if (round % 15 === 0) say(`${wrong.length} to go: ${wrong[0]}`);
    await sleep(1_000);
  }
}

async function differences(stage: Stage, open: readonly Pull[]): Promise<readonly string[]> {
  const names = new Set(open.map(({ number }) => `pr-${number}`));
  const { previews } = await stage.must<{ previews: readonly WirePreview[] }>('GET', '/api/projects/shop/previews');
  const containers = (await containersOf(stage.platform, 'shop')).map(
    ({ Labels }) => Labels['cutover.environment'] ?? '',
  );
  const { routes } = await routerState(stage.platform);
  const left = [
    ...previews.map(({ name }) => name),
    ...containers,
    ...routes.map(([host]) => host.replace('-shop.localhost', '')),
  ].filter((name) => !names.has(name));
  const twice = containers.filter((name, at) => containers.indexOf(name) !== at);
  const missing = await Promise.all(open.map((pull) => serves(stage, pull)));
  return [
    ...left.map((name) => `${name} is left`),
    ...twice.map((name) => `${name} is there twice`),
    ...missing.flat(),
  ];
}

async function serves(stage: Stage, { number, text }: Pull): Promise<readonly string[]> {
  const { status, body } = await stage.visit(`pr-${number}-shop.localhost`);
  return status === 200 && body === text ? [] : [`pr-${number} answers ${status} ${body.slice(0, 40)}`];
}
