import type { JobType } from '../../domain/job.ts';
import { isFinal } from '../../domain/deployment-state.ts';
import type { HeldLease } from '../journal/lease-keeper.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import { DeploymentRun, type Workshop } from './deployment-run.ts';
import { finishedJobs } from './finished-jobs.ts';
import { persevere, verdictOfWant } from './persevere.ts';
import { buildArtifact } from './steps/build-artifact.ts';
import { deployArtifact } from './steps/deploy-artifact.ts';
import { downloadRepository } from './steps/download-repository.ts';
import { markComplete } from './steps/mark-complete.ts';
import { takeBack } from './take-back.ts';

/** One job of a deployment: observe whether it is done, else do it. Doing it again after a crash must be harmless. */
export interface Step {
  readonly name: string;
  job(record: DeploymentRecord): JobType;
  isDone(record: DeploymentRecord): boolean;
  run(run: DeploymentRun): Promise<void>;
}

/** The story of a deployment, top to bottom. */
export const deployWorkflow: readonly Step[] = [downloadRepository, buildArtifact, deployArtifact, markComplete];

/** Leads a deployment to its end, from wherever it stands. */
export async function leadDeployment(workshop: Workshop, held: HeldLease): Promise<void> {
  await using run = await DeploymentRun.begin(workshop, held);
  if (run === null || isFinal(run.deployment.state)) return;
  const unwanted = verdictOfWant(run.record);
  if (unwanted !== null && run.record.verdict === null) await run.write({ verdict: unwanted });
  for (const step of deployWorkflow) {
    if (run.record.verdict !== null) break;
    if (!step.isDone(run.record)) await runStep(run, step);
  }
  if (run.record.verdict !== null) await takeBack(run);
}

async function runStep(run: DeploymentRun, step: Step): Promise<void> {
  const job = step.job(run.record);
  run.beginJob(job);
  const alreadyStarted = run.record.jobs.some((known) => known.type === job && known.status === 'running');
  const finished = finishedJobs(run.record, deployWorkflow.slice(0, deployWorkflow.indexOf(step)));
  await run.write({
    journal: [...finished.journal, { step: step.name, status: 'begun' }],
    jobs: [...finished.jobs, ...(alreadyStarted ? [] : [{ type: job, status: 'running' as const }])],
    timeline: [...finished.timeline, ...(alreadyStarted ? [] : [{ kind: 'job.started' as const, job }])],
  });
  const verdict = await persevere(run, step);
  if (verdict !== null) {
    run.say(verdict.reason);
    await run.write({ verdict, journal: [{ step: step.name, status: 'failed', error: verdict.reason }] });
  }
  run.logs.closeSoon(job);
}
