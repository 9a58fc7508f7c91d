import type { Deployment } from '../../domain/deployment.ts';
import { describeVerdict } from '../../domain/deployment-verdict.ts';
import { errorCatalogue } from '../../domain/errors.ts';
import { wentLive, isOver, type Push } from '../../domain/push.ts';
import { describeQueueReason, nothingKnown, placeInQueue } from '../../domain/queue.ts';
import type { RefRefusal } from '../ports/git-repositories.ts';
import { narrate } from './narrate-deployment.ts';
import type { PushDependencies } from './pushes.ts';

type Tell = (line: string) => void;

/** Tells how a push that was taken goes, until it is over; resolves to why it has failed, null where it has not. */
export async function watchPush(
  dependencies: Pick<PushDependencies, 'deployments' | 'keeper'>,
  push: Push,
  tell: Tell,
  signal: AbortSignal,
): Promise<RefRefusal> {
  const results = push.results ?? [];
  if (results.length === 0)
    tell(`no environment of ${push.projectName} is deployed from ${push.branch}: it is kept, and nothing is deployed`);
  for (const { environment, deployment, reason } of results)
    if (deployment === null) tell(`nothing is deployed${environment === '' ? '' : ` to ${environment}`}: ${reason}`);
  const several = results.length > 1;
  const outcomes = await Promise.all(
    results.map(async ({ environment, deployment }) => {
      if (deployment === null) return null;
      const found = await dependencies.deployments.queries.byNumber(push.projectId, deployment);
      if (found === null) return 'the environment was deleted';
      return watch(dependencies, found, several ? (line) => tell(`${environment}: ${line}`) : tell, signal);
    }),
  );
  await dependencies.keeper.settle(push);
  return outcomes.find((outcome) => outcome !== null) ?? null;
}

async function watch(
  { deployments }: Pick<PushDependencies, 'deployments'>,
  found: Deployment,
  tell: Tell,
  signal: AbortSignal,
): Promise<RefRefusal> {
  tell(
    `deploying ${found.source.kind === 'git' ? found.source.requestedCommit?.slice(0, 12) : ''} to ${found.environmentName} as #${found.number}`,
  );
  await tellWhatItWaitsFor(deployments, found, tell);
  await narrate(deployments, found, tell, signal);
  const deployment = (await deployments.deployments.record(found.id))?.deployment;
  if (deployment === undefined) return 'the environment was deleted';
  if (isOver(deployment)) return conclude(deployments, deployment, tell);
  const goesOn = `#${deployment.number} is ${deployment.state} and goes on without being watched`;
  tell(`${goesOn}; see it with: cutover deployments status ${deployment.number} -p ${deployment.projectName}`);
  return goesOn;
}

async function conclude(
  { queries, urlOf }: PushDependencies['deployments'],
  deployment: Deployment,
  tell: Tell,
): Promise<RefRefusal> {
  const verdict =
    describeVerdict(deployment, await queries.observation(deployment.id)) ?? `#${deployment.number} is over`;
  tell(verdict);
  if (wentLive(deployment)) {
    tell(urlOf(deployment.configuration.hosts[0] ?? 'localhost'));
    return null;
  }
  if (deployment.failure !== null) tell(`next: ${errorCatalogue[deployment.failure.code].next}`);
  return verdict.split('\n')[0] ?? verdict;
}

/** Where nothing stands in its way there is nothing to tell. */
async function tellWhatItWaitsFor(
  { queries }: PushDependencies['deployments'],
  { id, projectId, environmentId, environmentName }: Deployment,
  tell: Tell,
): Promise<void> {
  const open = (await queries.queue(projectId)).filter((other) => other.environmentId === environmentId);
  const deployment = open.find((other) => other.id === id);
  if (deployment === undefined) return;
  const { waitsFor } = placeInQueue({ deployment, facts: nothingKnown }, open);
  if (waitsFor !== null && waitsFor.kind !== 'worker')
    tell(`waiting: ${describeQueueReason(waitsFor, environmentName)}`);
}
