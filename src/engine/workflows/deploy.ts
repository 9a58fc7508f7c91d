import type { JobType } from '../../domain/job.ts';
import { isFinal } from '../../domain/deployment-state.ts';
import type { HeldLease } from '../journal/lease-keeper.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import { DeploymentRun, type Workshop } from './deployment-run.ts';
import { finishedJobs } from './finished-jobs.ts';
import { leadCompleted } from './lead-completed.ts';
import { pauseRollout, resume } from './pause.ts';
import { isHeld } from './recreate.ts';
import { isPauseWanted, persevere, verdictOfWant } from './persevere.ts';
import { buildArtifact } from './steps/build-artifact.ts';
import { deployArtifact } from './steps/deploy-artifact.ts';
import { downloadRepository } from './steps/download-repository.ts';
import { loadImage } from './steps/load-image.ts';
import { markComplete } from './steps/mark-complete.ts';
import { pullImage } from './steps/pull-image.ts';
import { runRelease } from './steps/run-release.ts';
import { verifyArtifact } from './steps/verify-artifact.ts';
import { takeBack } from './take-back.ts';

/** One job of a deployment: observe whether it is done, else do it. Doing it again after a crash must be harmless. */
export interface Step {
  readonly name: string;
  job(record: DeploymentRecord): JobType;
  /** Also where it is no part of this deployment. */
  isDone(record: DeploymentRecord): boolean;
  /** It writes before it does anything that takes time, or does nothing that does; that it was begun is written with that, or with what is next. */
  readonly writesFirst?: true;
  run(run: DeploymentRun): Promise<void>;
}

/** The story of a deployment, top to bottom. What goes back, or promotes, begins with `verifyArtifact`. */
export const deployWorkflow: readonly Step[] = [
  downloadRepository,
  buildArtifact,
  pullImage,
  loadImage,
  verifyArtifact,
  runRelease,
  deployArtifact,
  markComplete,
];

/** Leads a deployment to its end, from wherever it stands. */
export async function leadDeployment(workshop: Workshop, held: HeldLease): Promise<void> {
  await using run = await DeploymentRun.begin(workshop, held);
  if (run === null || isFinal(run.deployment.state)) return;
  if (run.deployment.state === 'paused' && !(await resume(run))) return;
  if (run.deployment.state === 'completed') return leadCompleted(run);
  const unwanted = verdictOfWant(run.record);
  if (unwanted !== null && run.record.verdict === null) await run.write({ verdict: unwanted });
  for (const step of deployWorkflow) {
    if (run.record.verdict !== null) break;
    if (step.isDone(run.record)) continue;
    if (isPauseWanted(run.record) && !(await isHeld(run))) return pauseRollout(run);
    if ((await runStep(run, step)) === 'paused') return pauseRollout(run);
  }
  // What is wanted of one that is completed it is claimed for anew.
  if (run.record.verdict !== null) await takeBack(run);
}

async function runStep(run: DeploymentRun, step: Step): Promise<'over' | 'paused'> {
  const job = step.job(run.record);
  run.beginJob(job);
  const alreadyStarted = run.record.jobs.some((known) => known.type === job && known.status === 'running');
  const finished = finishedJobs(run.record, deployWorkflow.slice(0, deployWorkflow.indexOf(step)));
  run.note({
    journal: [...finished.journal, { step: step.name, status: 'begun' }],
    jobs: [...finished.jobs, ...(alreadyStarted ? [] : [{ type: job, status: 'running' as const }])],
    timeline: [...finished.timeline, ...(alreadyStarted ? [] : [{ kind: 'job.started' as const, job }])],
  });
  if (step.writesFirst !== true) await run.flush();
  const end = await persevere(run, step);
  if (end === 'paused') return end;
  if (end !== 'done') {
    run.say(end.reason);
    await run.write({ verdict: end, journal: [{ step: step.name, status: 'failed', error: end.reason }] });
  }
  run.logs.closeSoon(job);
  return 'over';
}
