import { Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import { watchDeployment } from '../../progress/watch-deployment.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from './choose-project.ts';
import { chooseWay, type WayOptions } from './choose-way.ts';
import { describeSource } from './describe-deployment.ts';
import { sayPlan } from './say-plan.ts';

export interface DeployOptions extends WayOptions {
  readonly project?: string;
  readonly yes?: boolean;
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
    .option('--image <reference>', 'an image of a registry, such as registry.example.com/app:1.2')
    .option('--image-tarball <file>', 'an image that docker save wrote, or an OCI layout; - is standard input')
    .option(
      '--static <path>',
      'files that are served as they are: a directory, tar, tar.gz or zip; - is standard input',
    )
    .option('--spa', 'with --static: answer unknown paths with /index.html')
    .option('--from <directory>', 'build this directory as it is now; what Git ignores is left out')
    .option('--no-wait', 'return when the deployment is recorded')
    .action(
      cli.action((session, project: string | undefined, options: DeployOptions) => {
        return runDeploy(session, project, options);
      }),
    );
}

export async function runDeploy(session: Session, named: string | undefined, options: DeployOptions): Outcome {
  const way = chooseWay(options);
  const project = await session.project(chooseProject(named, options.project));
  const client = await session.client();
  await sayPlan(session, client, { project, environment: options.environment });
  if (session.terminal.interactive) {
    await session.confirm(`Deploy ${project} to ${options.environment}?`, options.yes ?? false);
  }
  const deployment = await way(session, client, project);
  const name = `#${deployment.number}`;
  session.say(`${name} of ${project} to ${options.environment} (${describeSource(deployment)})`);
  if (options.wait) return watchDeployment(session, client, deployment);
  session.show(deployment, `${name} is ${deployment.state}`);
}
