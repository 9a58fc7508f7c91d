import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export function resumeAutoDeployCommand(cli: Cli): Command {
  return new Command('resume-auto-deploy')
    .description('let deployments begin by themselves again after a rollback')
    .argument('<name>')
    .option('-p, --project <project>', 'default: the only project')
    .action(
      cli.action((session, name: string, options: { project?: string }) => {
        return runResumeAutoDeploy(session, name, options);
      }),
    );
}

export async function runResumeAutoDeploy(
  session: Session,
  name: string,
  options: { readonly project?: string },
): Outcome {
  const params = { project: await session.project(options.project), environment: name };
  const environment = await (await session.client()).call(endpoints.environments.resumeAutoDeploy, { params });
  const { autoDeploy } = environment.settings;
  session.show(
    environment,
    autoDeploy
      ? `a push to ${environment.settings.branch} deploys to ${name} again`
      : `nothing holds auto-deploy of ${name} any more; it is switched off in the settings`,
  );
}
