import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlatformSnapshot } from '../../../src/domain/platform-snapshot.ts';
import type { MachineClock } from '../../../src/engine/ports/clock.ts';
import { Watchdog } from '../../../src/engine/observe/invariants/watchdog.ts';
import { serving, sound, web } from './sound-platform.ts';

const intervalMs = 20_000;

/** A platform that is what the test says, on a clock that the test moves. */
class Scene {
  recorded: Partial<PlatformSnapshot> = {};
  existing: Partial<PlatformSnapshot> = {};
  readonly asked: (readonly string[])[] = [];
  readonly told: string[] = [];
  readonly logged: string[] = [];
  #now = 5_000_000;
  readonly watchdog: Watchdog;

  constructor() {
    const log = (_: Readonly<Record<string, unknown>>, message: string) => void this.logged.push(message);
    this.watchdog = new Watchdog({
      ports: { ...this.#world(), clock: this.#clock(), logs: untouched, secretBox: untouched },
      store: {
        recorded: async (remembered) => {
          this.asked.push(remembered);
          const { projects, environments, deployments, slots } = { ...sound, ...this.recorded };
          return { projects, environments, deployments, slots };
        },
        written: async () => [],
      },
      timelines: {
        note: async (deploymentId, { timeline = [] }) => {
          for (const entry of timeline) if (entry.kind === 'alert') this.told.push(`${deploymentId}: ${entry.message}`);
        },
      },
      log: { info: log, warn: log, error: log },
      intervalMs,
    });
  }

  async look(afterMs: number) {
    this.#now += afterMs;
    return this.watchdog.examine(AbortSignal.timeout(5_000));
  }

  #clock(): MachineClock {
    return {
      now: () => 1_700_000_000_000 + this.#now,
      monotonic: () => this.#now,
      uptime: () => ({ boot: 'one', ms: this.#now }),
      sleep: () => Promise.resolve(),
    };
  }

  #world() {
    const existing = () => ({ ...sound, ...this.existing });
    return {
      runtime: {
        networks: async () => existing().networks,
        list: async () =>
          existing().containers.map((found) => ({
            ...found,
            startedAt: 1,
            exitCode: null,
            outOfMemory: false,
            restarts: 0,
          })),
      },
      router: {
        snapshot: async () => ({
          servers: existing().servers,
          routes: new Map(existing().routes.map(({ host, target }) => [host, target])),
          guards: new Map(),
        }),
      },
      source: { owners: async () => existing().workTrees },
      uploads: { list: async () => existing().uploads },
    };
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a port of which nothing is ever asked
const untouched = {} as never;

const unhealthy = { deployments: [{ ...serving, instances: [{ ...web, passed: false }] }] };

test('a violation is told when it has been seen twice, once, in the log and in the timeline; and again when it is over', async () => {
  const scene = new Scene();
  scene.recorded = unhealthy;
  const first = await scene.look(0);
  assert.deepEqual(
    first.violations.map(({ code }) => code),
    ['not_healthy_when_promoted'],
  );
  assert.deepEqual([scene.told, scene.logged], [[], []]);
  await scene.look(intervalMs);
  await scene.look(intervalMs);
  assert.deepEqual(scene.told, [
    'd1: invariant not_healthy_when_promoted: instance web-1: web 1 of shop #1 is serving, and never passed the gate',
  ]);
  assert.deepEqual(scene.logged, ['an invariant is violated']);
  assert.equal(scene.watchdog.memory().told.length, 1);
  scene.recorded = {};
  await scene.look(intervalMs);
  assert.deepEqual(scene.logged, ['an invariant is violated', 'an invariant holds again']);
  assert.deepEqual(scene.watchdog.memory().told, []);
});

test('what is left behind is a violation after 60 s, and says since when', async () => {
  const scene = new Scene();
  scene.existing = { networks: ['shop', 'gone'] };
  const first = await scene.look(0);
  for (const _ of [1, 2]) assert.deepEqual((await scene.look(intervalMs)).violations, []);
  const { violations } = await scene.look(intervalMs);
  assert.deepEqual(
    violations.map(({ subject, since }) => [subject, since]),
    [['network of gone', first.at]],
  );
});

test('while nobody looked nobody could set things right, so that does not count', async () => {
  const scene = new Scene();
  scene.existing = { networks: ['shop', 'gone'] };
  await scene.look(0);
  const { violations, suspicions } = await scene.look(3_600_000);
  assert.deepEqual([violations.length, suspicions.length], [0, 1]);
});

test('what was on record is asked for again: a deployment that is gone is lost', async () => {
  const scene = new Scene();
  await scene.look(0);
  scene.recorded = {
    deployments: [],
    environments: sound.environments.map((one) => ({ ...one, currentIds: [], route: null })),
    slots: [],
  };
  scene.existing = { routes: [], servers: [], containers: [] };
  const { violations } = await scene.look(intervalMs);
  assert.deepEqual(scene.asked, [[], ['d1']]);
  assert.deepEqual(
    violations.map(({ message }) => message),
    ['deployment d1 is lost'],
  );
});
