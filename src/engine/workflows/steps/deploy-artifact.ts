import { deployJob } from '../../../domain/job.ts';
import type { Step } from '../deploy.ts';
import { receiveBundle } from '../receive-bundle.ts';
import { drainPredecessors } from '../drain-predecessors.ts';
import { shiftTraffic } from '../shift-traffic.ts';
import { shiftStaticTraffic } from '../shift-static-traffic.ts';
import { takeOverStandby } from '../take-over.ts';
import { takeSlot } from '../take-slot.ts';

/** Brings the artifact into service and the version before it out of service, without a request noticing (rules 5.1 to 5.4). */
export const deployArtifact: Step = {
  name: 'deploy-artifact',
  writesFirst: true,
  job: ({ deployment: { kind, artifact } }) => deployJob(kind, artifact?.type === 'bundle' ? 'static' : 'image'),
  // Each of its parts looks for itself what is left to do.
  isDone: (record) => record.deployment.state === 'completed',
  async run(run) {
    const { source } = run.deployment;
    if (run.deployment.artifact === null && source.kind === 'bundle') await receiveBundle(run, source);
    const { artifact } = run.deployment;
    if (artifact === null) throw new Error('the deploy step was reached without an artifact');
    if (run.record.slot === null && (await takeOverStandby(run))) return drainPredecessors(run);
    if (run.record.slot === null) await takeSlot(run);
    if (artifact.type === 'bundle') await shiftStaticTraffic(run, artifact);
    else await shiftTraffic(run, artifact);
    await drainPredecessors(run);
  },
};
