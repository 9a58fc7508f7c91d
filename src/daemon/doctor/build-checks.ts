import type { BuildLimits } from '../../drivers/build/limits/build-limits.ts';
import type { Check } from './check.ts';

const limitMs = 5_000;

/** Without limits a build may take processors and memory from what serves. */
export async function checkBuildLimits(limits: Pick<BuildLimits, 'obstacle'>): Promise<Check> {
  const name = 'build limits';
  const obstacle = await limits.obstacle(AbortSignal.timeout(limitMs));
  if (obstacle === null) return { name, status: 'ok', found: 'memory, processor and processes of builds', fix: null };
  const fix =
    'Run the control plane as root, on the machine of Docker Engine, with /sys/fs/cgroup writable; or let fewer builds run at once with CUTOVER_BUILDS_AT_ONCE.';
  return { name, status: 'warning', found: `builds have no limits: ${obstacle}`, fix };
}
