import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stableOnly, type RouteTarget } from '../../../src/domain/route.ts';
import type { Ports } from '../../../src/engine/ports/ports.ts';
import { RouteFollower } from '../../../src/engine/reconcile/route-follower.ts';

test('rule 2.4: whoever stood still between the reading of a route and its setting reads it again', async () => {
  assert.deepEqual(await followed({ stoodStillMs: 20_000 }), [1, 2]);
});

test('a route that is set at once is read once', async () => {
  assert.deepEqual(await followed({ stoodStillMs: 5 }), [1]);
});

/** Slots that the router was told of, where the row names slot 1 and, from the first telling on, slot 2. */
async function followed({ stoodStillMs }: { readonly stoodStillMs: number }): Promise<readonly number[]> {
  const told: number[] = [];
  let now = 0;
  const ports = {
    deployments: {
      route: () =>
        Promise.resolve({
          hosts: ['a.test'],
          target: stableOnly(told.length + 1),
          guard: null,
          held: null,
          revision: 1,
        }),
    },
    router: {
      setRoute(_hosts: readonly string[], { stable }: RouteTarget) {
        if (told.length === 0) now += stoodStillMs;
        told.push(stable);
        return Promise.resolve();
      },
    },
    clock: { monotonic: () => now },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of them is used
  await new RouteFollower(ports as unknown as Ports).follow('environment', AbortSignal.timeout(1_000));
  return told;
}

test('what is to have no route loses it under a number that was drawn before it was looked at again', async () => {
  const calls: string[] = [];
  const left: (number | undefined)[] = [];
  const ports = {
    deployments: {
      route: () => {
        calls.push('route');
        return Promise.resolve({ hosts: ['a.test'], target: null, guard: null, held: null, revision: null });
      },
      drawRevision: () => {
        calls.push('draw');
        return Promise.resolve(7);
      },
    },
    router: {
      removeRoute(_hosts: readonly string[], _signal: AbortSignal, revision?: number) {
        left.push(revision);
        return Promise.resolve();
      },
    },
    clock: { monotonic: () => 0 },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of them is used
  await new RouteFollower(ports as unknown as Ports).follow('environment', AbortSignal.timeout(1_000));
  assert.deepEqual(calls, ['route', 'draw', 'route']);
  assert.deepEqual(left, [7]);
});
