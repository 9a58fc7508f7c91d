import type { DeploymentKind } from './deployment-kind.ts';

/** The units of work of a deployment (rule 2.3). The list is the whole product's; a deployment has the jobs its plan names. */
export const jobTypes = [
  'DownloadRepoJob',
  'BuildImageJob',
  'DeployImageJob',
  'DeployStaticJob',
  'DeployStaticBundleJob',
  'PullExternalImageJob',
  'VerifyLocalImageJob',
  'LoadImageJob',
  'RunReleaseJob',
  'MarkDeploymentCompleteJob',
  'RunContractJob',
  'ConfigureCronsJob',
  'TakeScreenshotJob',
  'ScanVulnerabilitiesJob',
  'CaptureSourceMapsJob',
] as const;
export type JobType = (typeof jobTypes)[number];

export type JobStatus = 'pending' | 'running' | 'success' | 'failure' | 'cancelled' | 'skipped';

export interface PlannedJob {
  readonly type: JobType;
  /** Position in the deployment, from 1. */
  readonly order: number;
  readonly dependsOn: readonly JobType[];
  readonly required: boolean;
}

/** What is known of a deployment's way before it starts, or learnt on the way. */
export interface Way {
  readonly kind: DeploymentKind;
  readonly target: 'image' | 'static';
  readonly release: boolean;
  readonly contract: boolean;
}

/** How the artifact comes here. A bundle that was sent is unpacked by the job that deploys it. */
const artifactJobs: Readonly<Record<DeploymentKind, readonly JobType[]>> = {
  git: ['DownloadRepoJob', 'BuildImageJob'],
  image: ['PullExternalImageJob'],
  'image-upload': ['LoadImageJob', 'VerifyLocalImageJob'],
  static: [],
  directory: ['DownloadRepoJob', 'BuildImageJob'],
  rollback: ['VerifyLocalImageJob'],
  promote: ['VerifyLocalImageJob'],
};

/** The job that brings the artifact into service. */
export function deployJob(kind: DeploymentKind, target: Way['target']): JobType {
  if (kind === 'static') return 'DeployStaticBundleJob';
  return target === 'image' ? 'DeployImageJob' : 'DeployStaticJob';
}

/** What a deployment does, in order (rule 2.3). Whether it ends in containers or in files, and what runs once, is known after the build. */
export function pipeline({ kind, target, release, contract }: Way): PlannedJob[] {
  const order: readonly JobType[] = [
    ...artifactJobs[kind],
    // Going back runs no release step again: it ran when that version was first deployed.
    ...(release && kind !== 'rollback' ? (['RunReleaseJob'] as const) : []),
    deployJob(kind, target),
    'MarkDeploymentCompleteJob',
    ...(contract && kind !== 'rollback' ? (['RunContractJob'] as const) : []),
  ];
  const complete = order.indexOf('MarkDeploymentCompleteJob');
  return order.map((type, index) => ({
    type,
    order: index + 1,
    dependsOn: order.slice(Math.max(0, index - 1), index),
    required: index <= complete,
  }));
}
