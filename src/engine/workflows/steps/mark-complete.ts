import type { Step } from '../deploy.ts';

/** The old version is drained and the new one serves: the deployment is complete. */
export const markComplete: Step = {
  name: 'mark-complete',
  writesFirst: true,
  job: () => 'MarkDeploymentCompleteJob',
  isDone: (record) => record.deployment.state === 'completed',
  async run(run) {
    await run.write({
      transition: { type: 'predecessor-drained' },
      jobs: [{ type: 'MarkDeploymentCompleteJob', status: 'success' }],
      journal: [{ step: 'mark-complete', status: 'done' }],
      timeline: [{ kind: 'job.finished', job: 'MarkDeploymentCompleteJob', status: 'success', error: null }],
    });
    run.workshop.onCompleted();
    if (run.deployment.configuration.settings.observationMs === 0) run.workshop.measureUnobserved(run.record);
  },
};
