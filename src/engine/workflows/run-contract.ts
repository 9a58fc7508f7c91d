import { isTerminal } from '../../domain/errors.ts';
import { contractProcess } from '../../domain/processes.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { runOnce } from './run-once.ts';
import { stopInstances } from './stop-instances.ts';
import { hasContainer } from './web-instances.ts';

const job = 'RunContractJob';

/** Once, after the observation has passed (rule 5.8). Its failure is shown and changes nothing else: the version serves. */
export async function runContract(run: DeploymentRun): Promise<void> {
  run.beginJob(job);
  if (run.record.jobs.some(({ type, status }) => type === job && status === 'pending'))
    await run.write({ jobs: [{ type: job, status: 'running' }], timeline: [{ kind: 'job.started', job }] });
  const error = await runOnce(run, contractProcess).then(
    () => null,
    (failure: unknown) => {
      // What may pass is no answer: whoever leads it next finds the same container.
      if (run.leaseSignal.aborted || !(run.signal.aborted || isTerminal(failure))) throw failure;
      return failure instanceof Error ? failure.message : String(failure);
    },
  );
  if (error !== null) await leaveNothing(run);
  const status = error === null ? ('success' as const) : ('failure' as const);
  await run.write({
    jobs: [{ type: job, status, ...(error === null ? {} : { error }) }],
    timeline: [{ kind: 'job.finished', job, status, error: error?.split('\n', 1)[0] ?? null }],
    // What somebody has wished meanwhile is still to be done.
    ...(run.record.want === null ? { wantDone: true } : {}),
  });
  run.logs.closeSoon(job);
}

/** It may have been interrupted: its version is to be paused or deleted. */
async function leaveNothing(run: DeploymentRun): Promise<void> {
  await run.reload();
  const left = run.record.instances.filter((one) => one.process === contractProcess && hasContainer(one));
  const ids = left.map(({ id }) => id);
  const { stopGraceMs } = run.deployment.configuration.settings;
  await stopInstances(run, { graceMs: stopGraceMs, instanceIds: ids });
  await run.write({ instances: ids.map((id) => ({ id, phase: 'failed' })) });
}
