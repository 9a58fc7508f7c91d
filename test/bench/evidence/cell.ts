import { seeded } from './random.ts';
import { everyScenario } from './scenarios.ts';
import { simulateRequests } from './simulate-requests.ts';
import { simulate, type Mode, type RunResult } from './simulate.ts';
import { trafficScenarios } from './traffic-scenarios.ts';

/** Some runs of one scenario, in one mode, at one load. Run `n` has the same seed however the runs are shared out. */
export interface Cell {
  readonly scenario: string;
  readonly mode: Mode;
  /** Requests a second. */
  readonly rps: number;
  readonly first: number;
  readonly runs: number;
}

export function runCell({ scenario, mode, rps, first, runs }: Cell): RunResult[] {
  return Array.from({ length: runs }, (_, index) => {
    const random = seeded(hash(`${scenario} ${mode} ${rps} ${first + index}`));
    const traffic = trafficScenarios[scenario];
    if (traffic !== undefined) return simulateRequests(traffic.script(random, rps), mode, rps, random);
    const script = everyScenario[scenario];
    if (script === undefined) throw new Error(`no scenario "${scenario}"`);
    return simulate(script(random), mode, rps, random);
  });
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}
