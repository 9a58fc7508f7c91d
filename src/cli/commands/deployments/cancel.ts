import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { describeVerdict } from '../../../contract/verdict.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseDeploymentNumber } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';

export function cancelCommand(cli: Cli): Command {
  return new Command('cancel')
    .description('cancel a deployment that waits or builds')
    .argument('<number>', 'such as 42', parseDeploymentNumber)
    .option('-p, --project <project>', 'default: the only project')
    .action(
      cli.action((session, number: number, options: { project?: string }) => runCancel(session, number, options)),
    );
}

export async function runCancel(session: Session, number: number, options: { readonly project?: string }): Outcome {
  const params = { project: await session.project(options.project), number };
  const deployment = await (await session.client()).call(endpoints.deployments.cancel, { params });
  session.show(deployment, describeVerdict(deployment));
}
