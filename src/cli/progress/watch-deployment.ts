import { endpoints } from '../../contract/endpoints.ts';
import { CutoverError } from '../../contract/errors.ts';
import type { WireDeployment, WireDeploymentDetail } from '../../contract/schemas/deployment.ts';
import { describeVerdict } from '../../contract/verdict.ts';
import type { ApiClient } from '../client/api-client.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeError } from '../report-error.ts';
import { timeLeft } from '../rollout/describe-observation.ts';
import type { Session } from '../session.ts';
import { createProgress } from './progress.ts';

const tailLines = 20;

/** Follows a deployment to its end, then says how it came out: 0 when it went live, 1 when not. */
export async function watchDeployment(
  session: Session,
  client: ApiClient,
  deployment: WireDeployment,
): Promise<ExitCode> {
  const detail = await followToTheEnd(session, client, deployment);
  session.show(
    flatDetail(detail),
    wentLive(detail.deployment) ? `${describeVerdict(detail.deployment)}\n${detail.url}` : '',
  );
  if (wentLive(detail.deployment)) {
    sayObserved(session, detail);
    return exitCodes.ok;
  }
  session.say(describeOutcome(detail.deployment));
  await showFailedLog(session, client, detail);
  return exitCodes.failed;
}

/** Follows a rollout that somebody takes back to its end: 0 when it has been. */
export async function watchTakenBack(
  session: Session,
  client: ApiClient,
  deployment: WireDeployment,
): Promise<ExitCode> {
  const detail = await followToTheEnd(session, client, deployment);
  session.show(flatDetail(detail), describeVerdict(detail.deployment));
  return detail.deployment.state === 'completed' ? exitCodes.failed : exitCodes.ok;
}

/** The deployment is done, the comparison with the version before is not (rule 5.6). */
function sayObserved(session: Session, { deployment, observation }: WireDeploymentDetail): void {
  if (observation === null || observation.closedAt !== null) return;
  const left = timeLeft(observation, Date.now());
  const forHowLong = left === null ? '' : ` for another ${left}`;
  const { project, environment } = deployment;
  session.say(`it is observed${forHowLong}; see it with: cutover rollout watch -p ${project} -e ${environment}`);
}

/** The deployment's own members at the top, what belongs to it beside them. */
export function flatDetail({ deployment, ...rest }: WireDeploymentDetail) {
  return { ...deployment, ...rest };
}

/** Resolves to the deployment as it is then. */
async function followToTheEnd(
  session: Session,
  client: ApiClient,
  deployment: WireDeployment,
): Promise<WireDeploymentDetail> {
  const params = { project: deployment.project, number: deployment.number };
  using progress = createProgress(session.terminal.stderr, Date.parse(deployment.createdAt));
  const whenInterrupted = () => {
    progress[Symbol.dispose]();
    session.say(
      `the deployment goes on; see it with: cutover deployments status ${params.number} -p ${params.project}`,
    );
  };
  session.terminal.signal.addEventListener('abort', whenInterrupted, { once: true });
  try {
    for await (const entry of client.stream(endpoints.deployments.timeline, { params })) progress.entry(entry);
  } finally {
    session.terminal.signal.removeEventListener('abort', whenInterrupted);
  }
  return client.call(endpoints.deployments.get, { params });
}

/** Also when it has been replaced or held since. */
function wentLive(deployment: WireDeployment): boolean {
  return deployment.readyAt !== null && deployment.state !== 'failed';
}

function describeOutcome(deployment: WireDeployment): string {
  const { failure } = deployment;
  if (failure === null) return describeVerdict(deployment);
  return describeError({ code: failure.code, message: describeVerdict(deployment), next: failure.next });
}

/** The last lines of the job that failed, as far as the message does not have them already. */
async function showFailedLog(session: Session, client: ApiClient, detail: WireDeploymentDetail): Promise<void> {
  const job = detail.jobs.find(({ status }) => status === 'failure');
  if (job === undefined) return;
  const message = detail.deployment.failure?.message ?? '';
  const lines = (await lastLines(client, detail.deployment, job.type)).filter((line) => !message.includes(line));
  if (lines.length === 0) return;
  session.say(`  the end of the log of ${job.type}:`);
  for (const line of lines) session.say(`    ${line}`);
}

async function lastLines(client: ApiClient, deployment: WireDeployment, log: string): Promise<readonly string[]> {
  const params = { project: deployment.project, number: deployment.number, log };
  const lines: string[] = [];
  try {
    for await (const { text } of client.stream(endpoints.deployments.log, { params, query: { follow: false } })) {
      lines.push(text);
      if (lines.length > tailLines) lines.shift();
    }
  } catch (error) {
    // A job that failed before it wrote anything has no log.
    if (!(error instanceof CutoverError && error.code === 'not_found')) throw error;
  }
  return lines;
}
