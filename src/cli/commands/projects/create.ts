import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addBuildOptions, toBuildChange, type BuildOptions } from './build-options.ts';

export interface CreateProjectOptions extends BuildOptions {
  /** False with --no-repo. */
  readonly repo?: string | false;
  readonly gitPush?: boolean;
  readonly branch?: string;
}

export function createCommand(cli: Cli): Command {
  const command = new Command('create')
    .description('create a project and its environment production')
    .argument('<name>', 'lower-case letters, digits and hyphens; becomes part of the host')
    .option('--repo <url>', 'Git repository')
    .option('--no-repo', 'none: it deploys images, tarballs or bundles only')
    .option('--git-push', 'the platform keeps the repository; push to it (see: projects remote)')
    .option('--branch <branch>', 'branch of production (default: main)');
  return addBuildOptions(command).action(
    cli.action((session, name: string, options: CreateProjectOptions) => runCreate(session, name, options)),
  );
}

export async function runCreate(session: Session, name: string, options: CreateProjectOptions): Outcome {
  const { repo, gitPush = false, branch } = options;
  if (repo === undefined && !gitPush)
    throw new CutoverError('usage', 'name a repository with --repo, or say --git-push or --no-repo');
  if (typeof repo === 'string' && gitPush)
    throw new CutoverError('usage', 'with --git-push the platform keeps the repository: leave out --repo');
  const repository = typeof repo === 'string' ? repo : null;
  const build = toBuildChange(options);
  const client = await session.client();
  const body = { name, repository, gitPush, build, ...(branch === undefined ? {} : { branch }) };
  const project = await client.call(endpoints.projects.create, { params: {}, body });
  if (gitPush) {
    session.show(project, `created ${project.name}`);
    session.say(`push to it; where and how: cutover projects remote ${project.name}`);
    return;
  }
  const from = project.repository === null ? 'without a repository' : `from ${project.repository}`;
  session.show(project, `created ${project.name} ${from}`);
  session.say(`deploy it with: cutover deploy ${project.name} -e production`);
}
