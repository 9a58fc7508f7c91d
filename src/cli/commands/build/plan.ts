import { Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addPlanOptions, toBuildChange, type BuildOptions } from '../projects/build-options.ts';
import { describePlan } from './describe-plan.ts';

export interface PlanOptions extends Omit<BuildOptions, 'directory'> {
  readonly explain?: boolean;
}

export function planCommand(cli: Cli): Command {
  const command = new Command('plan')
    .description('say how an app would be built, without a server')
    .argument('[directory]', 'directory of the app', '.')
    .option('--explain', 'also the rules that did not fit, and the Dockerfile');
  return addPlanOptions(command).action(
    cli.action((session, directory: string, options: PlanOptions) => runPlan(session, directory, options)),
  );
}

/** Reads the files of the directory and its repository; runs nothing and asks nobody. */
export async function runPlan(session: Session, directory: string, options: PlanOptions): Outcome {
  const wanted = { directory, build: toBuildChange(options), explain: options.explain ?? false };
  const report = await (await session.local()).planBuild(wanted, session.terminal.signal);
  session.show(report, describePlan(report, wanted.explain));
}
