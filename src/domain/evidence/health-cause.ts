/** Both versions probed at the same time, every 5 s while the observation is open. `standby` null: it was not probed. */
export interface ProbePair {
  readonly fresh: 'passed' | 'failed';
  readonly standby: 'passed' | 'failed' | null;
}

export const healthProbeIntervalMs = 5_000;
const failuresInARow = 3;

/**
 * The new version's last 3 probes failed and the standby passed each time. Where the standby fails as well something else is broken,
 * and where it was not probed there is nothing to compare with. `pairs` in order of time.
 */
export function isUnhealthyAlone(pairs: readonly ProbePair[]): boolean {
  const last = pairs.slice(-failuresInARow);
  return last.length === failuresInARow && last.every((pair) => pair.fresh === 'failed' && pair.standby === 'passed');
}
