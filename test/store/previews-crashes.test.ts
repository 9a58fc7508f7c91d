import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PullRequestEvent } from '../../src/domain/repository-event.ts';
import type { PreviewStore } from '../../src/engine/ports/preview-store.ts';
import { owner } from '../conformance/store/configuration-bench.ts';
import { SeededChance } from '../simulation/random.ts';
import { PreviewBench } from './preview-bench.ts';

const pullRequests = 8;
const events = 50;

/** What is known of a pull request from outside. */
interface Pull {
  open: boolean;
  commit: string;
  /** Pushes since it was last opened. */
  pushes: number;
  everOpened: boolean;
}

class Crash extends Error {}

/** Dies before, or after, what it was to do was recorded. */
function dying(store: PreviewStore, when: 'before' | 'after', step: 'place' | 'deployed'): Partial<PreviewStore> {
  const die = (): never => {
    throw new Crash(`${when} ${step}`);
  };
  if (step === 'deployed')
    return { deployed: async (...args) => (when === 'before' ? die() : store.deployed(...args).then(die)) };
  return { place: async (...args) => (when === 'before' ? die() : store.place(...args).then(die)) };
}

function happens(pull: Pull, chance: SeededChance): PullRequestEvent['action'] {
  if (pull.open) return chance.number() < 0.35 ? 'closed' : 'synchronized';
  return pull.everOpened ? 'reopened' : 'opened';
}

function eventOf(number: number, action: PullRequestEvent['action'], pull: Pull): PullRequestEvent {
  return {
    kind: 'pull-request',
    action,
    number,
    title: 't',
    url: 'https://git.example/1',
    headBranch: `b${number}`,
    headCommit: pull.commit,
    baseBranch: 'main',
    fromFork: false,
    merged: false,
    author: { name: 'a', email: null },
  };
}

function follow(pull: Pull, action: PullRequestEvent['action'], commit: string): void {
  pull.open = action !== 'closed';
  pull.everOpened = true;
  if (action === 'closed') return;
  pull.commit = commit;
  pull.pushes = action === 'synchronized' ? pull.pushes + 1 : 1;
}

for (const seed of [1]) {
  test(`rule 6: after pull requests in random order, told twice, with crashes in between, exactly the open ones exist (seed ${seed})`, async () => {
    await using bench = await PreviewBench.open();
    await bench.commands.updateSettings(owner, 'my-app', { pullRequests: true });
    const chance = new SeededChance(seed);
    const pulls = Array.from({ length: pullRequests }, () => ({
      open: false,
      commit: '',
      pushes: 0,
      everOpened: false,
    }));
    for (let at = 1; at <= events; at += 1) {
      const number = Math.floor(chance.number() * pullRequests);
      const pull = pulls[number] ?? assert.fail();
      const action = happens(pull, chance);
      follow(pull, action, at.toString(16).padStart(40, '0'));
      const step = chance.number() < 0.5 ? 'place' : 'deployed';
      const broken = chance.number() < 0.4 ? dying(bench.store, chance.number() < 0.5 ? 'before' : 'after', step) : {};
      bench.keeper = bench.newKeeper(broken);
      const event = eventOf(number + 1, action, pull);
      await Promise.all([bench.apply(event), bench.apply(event)]);
      if (chance.number() < 0.3) await bench.takeDown();
      if (chance.number() < 0.3) await bench.pass();
    }
    bench.keeper = bench.newKeeper();
    for (let round = 0; round < 2; round += 1) {
      await bench.takeDown();
      await bench.pass();
    }
    await compare(bench, pulls);
    assert.ok(bench.complaints.length > 5, 'it was broken off now and then');
  });
}

async function compare(bench: PreviewBench, pulls: readonly Pull[]): Promise<void> {
  const open = pulls.flatMap((pull, at) => (pull.open ? [{ name: `pr-${at + 1}`, ...pull }] : []));
  assert.deepEqual((await bench.environments()).toSorted(), open.map(({ name }) => name).toSorted());
  for (const { name, commit, pushes } of open) {
    const deployed = await bench.deployments(name);
    assert.equal(deployed.at(-1), commit, name);
    assert.equal(new Set(deployed).size, deployed.length, `${name}: nothing is deployed twice`);
    assert.ok(deployed.length <= pushes, `${name}: ${deployed.length} deployments of ${pushes} pushes`);
  }
  assert.deepEqual(await bench.stores.world.deletions(), []);
}
