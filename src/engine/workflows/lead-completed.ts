import type { DeploymentRun } from './deployment-run.ts';
import { fallAsleep } from './fall-asleep.ts';
import { pauseServing } from './pause.ts';
import { runContract } from './run-contract.ts';
import { wakeUp } from './wake-up.ts';

/** What is left to do for a version that serves: what somebody asks for, or nobody uses, and what comes after its observation. */
export async function leadCompleted(run: DeploymentRun): Promise<void> {
  if (run.record.want === 'pause') return pauseServing(run);
  if (run.record.want === 'sleep') return fallAsleep(run);
  if (run.record.want === 'wake') return wakeUp(run);
  // To be torn down, which is not done by whoever leads it.
  if (run.record.want === 'delete') return run.write({ wantDone: true });
  return run.record.contractDue ? runContract(run) : undefined;
}
