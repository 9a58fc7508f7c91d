import type { DeploymentState } from '../../../src/domain/deployment-state.ts';

export const pageSize = 50;

export interface Page {
  readonly name: string;
  readonly environment?: string;
  readonly state?: DeploymentState;
  readonly fromTheMiddle?: boolean;
  /** Deployments that it shows. */
  readonly shows: number;
}

export const pages: readonly Page[] = [
  { name: 'the newest', shows: pageSize },
  { name: 'from anywhere, by the cursor', fromTheMiddle: true, shows: pageSize },
  { name: 'the newest of an environment', environment: 'e7', shows: pageSize },
  { name: 'the newest that failed', state: 'failed', shows: pageSize },
  { name: 'from anywhere, that failed', state: 'failed', fromTheMiddle: true, shows: pageSize },
  { name: 'the newest of an environment that failed', environment: 'e7', state: 'failed', shows: pageSize },
  { name: 'those that run: none', state: 'running', shows: 0 },
];

/** As many deployments are in the table, and every page is asked for so often. */
export function sizeOf({ quick }: { readonly quick: boolean }) {
  return quick ? { deployments: 100_000, rounds: 200 } : { deployments: 1_000_000, rounds: 1_000 };
}

/** Resolves to how many it showed. `before`: only numbers below it. */
export type Reader = (before: number | null) => Promise<number>;

const warmUp = 50;

/** Milliseconds. A few rounds come first, as on a platform that has been running for a moment. */
export async function timesOf(page: Page, read: Reader, size: ReturnType<typeof sizeOf>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = -warmUp; round < size.rounds; round += 1) {
    const before = page.fromTheMiddle === true ? 1_000 + Math.floor((size.deployments - 1_000) * Math.random()) : null;
    const began = performance.now();
    const shown = await read(before);
    if (round >= 0) times.push(performance.now() - began);
    if (shown !== page.shows) throw new Error(`${page.name} showed ${shown} deployments, not ${page.shows}`);
  }
  return times;
}
