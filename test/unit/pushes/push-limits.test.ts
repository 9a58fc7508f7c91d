import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CutoverError } from '../../../src/domain/errors.ts';
import { platformRepository } from '../../../src/domain/platform-repository.ts';
import type { Actor } from '../../../src/domain/roles.ts';
import { pushCommands, type PushDependencies } from '../../../src/engine/commands/pushes.ts';
import type { Decide, GitExchange } from '../../../src/engine/ports/git-repositories.ts';

const actor: Actor = { tokenId: 't', name: 'ada', role: 'developer', project: null };
const nobody: GitExchange = {
  protocol: null,
  body: (async function* () {})(),
  send: async () => undefined,
  signal: new AbortController().signal,
};

interface Receiving {
  readonly pushId: string;
  readonly refusal: string | null;
  readonly decide: Decide;
  readonly end: PromiseWithResolvers<void>;
}

/** Pushes that come in until a test ends them, and the ids of those whose objects were looked after when they were over. */
function commandsUnderTest() {
  const receiving: Receiving[] = [];
  const lookedAfter: string[] = [];
  const id = '00000000-0000-4000-8000-000000000001';
  const project = { id, name: 'app', repository: platformRepository(id) };
  const dependencies = {
    deployments: { configuration: { projects: { find: async () => project } } },
    repositories: {
      advertise: async () => undefined,
      letGo: async () => undefined,
      // oxlint-disable-next-line eslint/max-params -- the interface's own
      receive: ({ pushId, refusal }: Receiving, _exchange: GitExchange, decide: Decide) => {
        const end = Promise.withResolvers<void>();
        receiving.push({ pushId, refusal, decide, end });
        return end.promise;
      },
    },
    keeper: {
      recovered: Promise.resolve(),
      letGoUnlessTaken: async (_project: string, pushId: string) => void lookedAfter.push(pushId),
    },
    random: { id: () => `push-${receiving.length + 1}` },
    remoteOf: () => '',
    limits: { receiving: 2, open: 3 },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is asked of them
  const commands = pushCommands(dependencies as unknown as PushDependencies);
  const push = async () => {
    const before = receiving.length;
    const over = commands.push(actor, 'app', nobody);
    while (receiving.length === before) await new Promise((resolve) => setImmediate(resolve));
    const last = receiving.at(-1);
    assert.ok(last);
    return { ...last, over };
  };
  const isRefused = async () => {
    const asked = commands.advertise(actor, 'app', 'git-receive-pack', nobody).then(
      () => null,
      (error: unknown) => error,
    );
    const error = await asked;
    if (error !== null) assert.ok(error instanceof CutoverError && error.code === 'too_busy');
    return error !== null;
  };
  return { commands, push, isRefused, lookedAfter };
}

test('10 more pushes than there are places for are refused before they send anything, and those that send all the same are told so', async () => {
  const { commands, push, isRefused } = commandsUnderTest();
  const first = await push();
  assert.equal(await isRefused(), false);
  const second = await push();
  assert.deepEqual([first.refusal, second.refusal], [null, null]);
  assert.equal(await isRefused(), true);
  await commands.advertise(actor, 'app', 'git-upload-pack', nobody);
  const third = await push();
  assert.match(third.refusal ?? '', /as many pushes .* try again/);
  third.end.resolve();
  await third.over;
  assert.equal(await isRefused(), true, 'who was refused gives back no place');
  first.end.resolve();
  await first.over;
  assert.equal((await push()).refusal, null);
});

test('10 a push that only waits for its deployments keeps nobody from sending, as long as not too many wait', async () => {
  const { push, isRefused } = commandsUnderTest();
  for (let count = 1; count <= 3; count += 1) {
    const waiting = await push();
    assert.equal(waiting.refusal, null);
    await waiting.decide([], () => undefined);
  }
  assert.equal(await isRefused(), true, 'three wait');
});

test('however a push ends, its place is free and what it brought is looked after', async () => {
  const { push, isRefused, lookedAfter } = commandsUnderTest();
  for (let count = 1; count <= 5; count += 1) {
    const broken = await push();
    broken.end.reject(new Error('the caller is gone'));
    await assert.rejects(broken.over, /the caller is gone/);
  }
  assert.equal(await isRefused(), false);
  assert.deepEqual(lookedAfter, ['push-1', 'push-2', 'push-3', 'push-4', 'push-5']);
});
