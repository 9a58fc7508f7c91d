import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { watchDeployment } from '../../progress/watch-deployment.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from './choose-project.ts';
import { describeSource } from './describe-deployment.ts';
import { sayPlan } from './say-plan.ts';

export interface DeployOptions {
  readonly project?: string;
  readonly environment: string;
  readonly yes?: boolean;
  readonly commit?: string;
  readonly branch?: string;
  /** False with --no-cache. */
  readonly cache: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export function deployCommand(cli: Cli): Command {
  return new Command('deploy')
    .description('deploy a project and show how it goes')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .option('-e, --environment <name>', 'environment', 'production')
    .option('-y, --yes', 'do not ask')
    .option('--commit <sha>', 'this commit, as 40 hex digits; default: the head of the branch')
    .option('--branch <branch>', "default: the environment's branch")
    .option('--no-cache', 'build without the cache')
    .option('--no-wait', 'return when the deployment is recorded')
    .action(
      cli.action((session, project: string | undefined, options: DeployOptions) => {
        return runDeploy(session, project, options);
      }),
    );
}

export async function runDeploy(session: Session, named: string | undefined, options: DeployOptions): Outcome {
  const project = await session.project(chooseProject(named, options.project));
  const client = await session.client();
  await sayPlan(session, client, { project, environment: options.environment });
  if (session.terminal.interactive) {
    await session.confirm(`Deploy ${project} to ${options.environment}?`, options.yes ?? false);
  }
  const { environment, commit, branch, cache } = options;
  const deployment = await client.call(endpoints.deployments.trigger, {
    params: { project },
    body: {
      environment,
      ...(commit === undefined ? {} : { commit: commit.toLowerCase() }),
      ...(branch === undefined ? {} : { branch }),
      ...(cache ? {} : { noCache: true }),
    },
    idempotencyKey: randomUUID(),
  });
  const name = `#${deployment.number}`;
  session.say(`${name} of ${project} to ${environment} (${describeSource(deployment)})`);
  if (options.wait) return watchDeployment(session, client, deployment);
  session.show(deployment, `${name} is ${deployment.state}`);
}
