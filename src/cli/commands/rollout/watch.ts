import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { exitCodes } from '../../exit-codes.ts';
import { createRolloutView } from '../../rollout/rollout-view.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from '../deployments/choose-project.ts';
import type { RolloutOptions } from './show.ts';

export function watchCommand(cli: Cli): Command {
  return new Command('watch')
    .description('the same, live, until Ctrl-C')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .option('-e, --environment <name>', 'environment', 'production')
    .action(
      cli.action((session, project: string | undefined, options: RolloutOptions) => {
        return runWatch(session, project, options);
      }),
    );
}

/** Ctrl-C is how it ends, so that is no failure. */
export async function runWatch(session: Session, named: string | undefined, options: RolloutOptions): Outcome {
  const project = await session.project(chooseProject(named, options.project));
  const params = { project, environment: options.environment };
  const client = await session.client();
  using view = createRolloutView(session.terminal.stdout, session.json);
  try {
    for await (const status of client.stream(endpoints.rollouts.show, { params })) view.show(status);
  } catch (error) {
    if (!session.terminal.signal.aborted) throw error;
  }
  return exitCodes.ok;
}
