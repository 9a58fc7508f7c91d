import type { DeploymentRun } from './deployment-run.ts';
import { pauseServing } from './pause.ts';
import { runContract } from './run-contract.ts';

/** What is left to do for a version that serves: what somebody asks for, and what comes after its observation. */
export async function leadCompleted(run: DeploymentRun): Promise<void> {
  if (run.record.want === 'pause') return pauseServing(run);
  // To be torn down, which is not done by whoever leads it.
  if (run.record.want === 'delete') return run.write({ wantDone: true });
  return run.record.contractDue ? runContract(run) : undefined;
}
