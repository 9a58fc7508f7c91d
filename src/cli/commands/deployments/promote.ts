import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { watchDeployment } from '../../progress/watch-deployment.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from './choose-project.ts';
import { describeOrigin } from './describe-deployment.ts';
import { sayPlan } from './say-plan.ts';

export interface PromoteOptions {
  readonly project?: string;
  readonly from: string;
  readonly to: string;
  readonly yes?: boolean;
  /** False with --no-wait. */
  readonly wait: boolean;
}

export function promoteCommand(cli: Cli): Command {
  return new Command('promote')
    .description('deploy what serves in one environment to another, without a build')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .requiredOption('--from <environment>', 'where it serves now, such as staging')
    .requiredOption('--to <environment>', 'where it is to serve, such as production')
    .option('-y, --yes', 'do not ask')
    .option('--no-wait', 'return when the deployment is recorded')
    .action(
      cli.action((session, project: string | undefined, options: PromoteOptions) => {
        return runPromote(session, project, options);
      }),
    );
}

export async function runPromote(session: Session, named: string | undefined, options: PromoteOptions): Outcome {
  const project = await session.project(chooseProject(named, options.project));
  const { from, to } = options;
  const client = await session.client();
  const params = { project, environment: to };
  await sayPlan(session, client, params);
  if (session.terminal.interactive) {
    await session.confirm(`Deploy what serves in ${from} of ${project} to ${to}?`, options.yes ?? false);
  }
  const call = { params, body: { from }, idempotencyKey: randomUUID() };
  const deployment = await client.call(endpoints.rollouts.promote, call);
  session.say(`#${deployment.number} of ${project} to ${to} is ${describeOrigin(deployment) ?? `from ${from}`}`);
  if (options.wait) return watchDeployment(session, client, deployment);
  session.show(deployment, `#${deployment.number} is ${deployment.state}`);
}
