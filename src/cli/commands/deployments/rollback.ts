import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { rollbackDefault } from '../../../contract/rollback-target.ts';
import type { WireDeployment } from '../../../contract/schemas/deployment.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { parseDeploymentNumber } from '../../output/quantities.ts';
import { watchDeployment, watchTakenBack } from '../../progress/watch-deployment.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from './choose-project.ts';
import { describeOrigin, nameDeployment } from './describe-deployment.ts';

export interface RollbackOptions {
  readonly project?: string;
  readonly environment: string;
  readonly to?: number;
  readonly currentEnv?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export function rollbackCommand(cli: Cli): Command {
  return new Command('rollback')
    .description('go back to an earlier deployment, without a build')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .option('-e, --environment <name>', 'environment', 'production')
    .option(
      '--to <number>',
      'such as 41; default: what serves beside a rollout, else the last good one before',
      parseDeploymentNumber,
    )
    .option('--current-env', "with today's variables instead of those of then")
    .option('--force', 'also behind a contract step')
    .option('-y, --yes', 'do not ask')
    .option('--no-wait', 'return when the rollback is recorded')
    .action(
      cli.action((session, project: string | undefined, options: RollbackOptions) => {
        return runRollback(session, project, options);
      }),
    );
}

export async function runRollback(session: Session, named: string | undefined, options: RollbackOptions): Outcome {
  const project = await session.project(chooseProject(named, options.project));
  const { environment } = options;
  const client = await session.client();
  const target = await findTarget(client, { project, environment }, options.to);
  if (session.terminal.interactive && target !== null) {
    const question = `Take ${environment} of ${project} back to ${nameDeployment(target)}?`;
    await session.confirm(question, options.yes ?? false);
  }
  const to = target?.number ?? options.to;
  const deployment = await client.call(endpoints.rollouts.rollback, {
    params: { project, environment },
    body: {
      ...(to === undefined ? {} : { to }),
      ...(options.currentEnv === true ? { currentEnv: true } : {}),
      ...(options.force === true ? { force: true } : {}),
    },
    idempotencyKey: randomUUID(),
  });
  const takenBack = isRollout(deployment, to);
  session.say(takenBack ? describeTakingBack(deployment, target) : describeGoingBack(deployment, target));
  try {
    if (options.wait) return await (takenBack ? watchTakenBack : watchDeployment)(session, client, deployment);
    session.show(deployment, `#${deployment.number} is ${deployment.state}`);
  } finally {
    session.say(`auto-deploy of ${environment} is held until: ${resumeLine(project, environment)}`);
  }
}

/** The answer is no deployment that goes back there, but the one that is being rolled out, and is taken back. */
function isRollout({ origin }: WireDeployment, to: number | undefined): boolean {
  return origin?.kind !== 'rollback' || (to !== undefined && origin.number !== to);
}

function describeTakingBack({ number, project, environment }: WireDeployment, target: WireDeployment | null): string {
  const stays = target === null ? 'what served before' : nameDeployment(target);
  return `#${number}, which is being rolled out, is taken back; ${environment} of ${project} stays with ${stays}`;
}

function describeGoingBack(deployment: WireDeployment, target: WireDeployment | null): string {
  const { number, project, environment } = deployment;
  const back = target === null ? (describeOrigin(deployment) ?? 'back') : `back to ${nameDeployment(target)}`;
  return `#${number} takes ${environment} of ${project} ${back}`;
}

/** What is gone back to, so that it can be told first; null leaves the choice, or the refusal, to the server. */
async function findTarget(
  client: ApiClient,
  params: { readonly project: string; readonly environment: string },
  to: number | undefined,
): Promise<WireDeployment | null> {
  const { project, environment } = params;
  if (to !== undefined) {
    const found = await client.call(endpoints.deployments.get, { params: { project, number: to } });
    return found.deployment;
  }
  const { currentDeploymentId } = await client.call(endpoints.environments.get, { params });
  const query = { environment, limit: 200 };
  const { deployments } = await client.call(endpoints.deployments.list, { params: { project }, query });
  return rollbackDefault(deployments, currentDeploymentId);
}

function resumeLine(project: string, environment: string): string {
  return `cutover environments resume-auto-deploy ${environment} -p ${project}`;
}
