import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { describeRollout } from '../../rollout/describe-rollout.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from '../deployments/choose-project.ts';

export interface RolloutOptions {
  readonly project?: string;
  readonly environment: string;
}

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('show both versions, their share of the traffic and the evidence')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .option('-e, --environment <name>', 'environment', 'production')
    .action(
      cli.action((session, project: string | undefined, options: RolloutOptions) => runShow(session, project, options)),
    );
}

export async function runShow(session: Session, named: string | undefined, options: RolloutOptions): Outcome {
  const project = await session.project(chooseProject(named, options.project));
  const params = { project, environment: options.environment };
  const status = await (await session.client()).call(endpoints.rollouts.show, { params });
  session.show(status, describeRollout(status, Date.now()));
}
