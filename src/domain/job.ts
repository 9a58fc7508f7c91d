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

/** What a deployment from a Git commit does, in order. Whether it ends in containers or in files is known after the build. */
export function gitPipeline(target: 'image' | 'static'): PlannedJob[] {
  const deploy: JobType = target === 'image' ? 'DeployImageJob' : 'DeployStaticJob';
  const order: JobType[] = ['DownloadRepoJob', 'BuildImageJob', deploy, 'MarkDeploymentCompleteJob'];
  return order.map((type, index) => ({
    type,
    order: index + 1,
    dependsOn: order.slice(Math.max(0, index - 1), index),
    required: true,
  }));
}
