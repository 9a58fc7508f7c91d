import type { DeploymentRun } from './deployment-run.ts';
import { observationOf } from './move-traffic.ts';
import type { Scene } from './rollout-scene.ts';

const lookMs = 100;
/** So often only what the observation says is read, before the route and the other versions are looked at again too. */
const looksPerScene = 10;

/** Whether the new version may get a larger share: the observation says so, whichever process leads it (rule 5.2). */
export function mayGrow(run: DeploymentRun, scene: Scene): boolean {
  const { target } = scene.route;
  if (target?.candidate !== scene.slot || observationOf(run, scene) === null) return true;
  const view = run.record.observed;
  if (view === null) return false;
  // A canary is told the share it is to have; a rollout in steps of replicas only whether it may go on. What is to have everything waits
  // for nothing more, and its observation may be over.
  return view.share >= 100 || view.share > target.share || (view.mayGrow && view.phase === 'stepped');
}

/** Resolves when that may have changed. */
export async function waitUntilItMayGrow(run: DeploymentRun, scene: Scene): Promise<void> {
  for (let look = 0; look < looksPerScene; look += 1) {
    await run.ports.clock.sleep(lookMs, run.signal);
    await run.reload();
    if (mayGrow(run, scene)) return;
  }
}
