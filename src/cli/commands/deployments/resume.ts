import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { describeVerdict } from '../../../contract/verdict.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseDeploymentNumber } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';

export function resumeCommand(cli: Cli): Command {
  return new Command('resume')
    .description('go on with a deployment that is paused')
    .argument('<number>', 'such as 42', parseDeploymentNumber)
    .option('-p, --project <project>', 'default: the only project')
    .action(
      cli.action((session, number: number, options: { project?: string }) => runResume(session, number, options)),
    );
}

export async function runResume(session: Session, number: number, options: { readonly project?: string }): Outcome {
  const project = await session.project(options.project);
  const deployment = await (await session.client()).call(endpoints.deployments.resume, { params: { project, number } });
  // The work has only been asked for, so the state may still be the one from before.
  session.show(deployment, deployment.state === 'paused' ? `#${number} is resuming` : describeVerdict(deployment));
  session.say(`see how it goes with: cutover rollout watch -p ${project} -e ${deployment.environment}`);
}
