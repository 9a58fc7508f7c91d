import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addBuildOptions, toBuildChange, type BuildOptions } from './build-options.ts';

export interface CreateProjectOptions extends BuildOptions {
  /** False with --no-repo. */
  readonly repo?: string | false;
  readonly branch?: string;
}

export function createCommand(cli: Cli): Command {
  const command = new Command('create')
    .description('create a project and its environment production')
    .argument('<name>', 'lower-case letters, digits and hyphens; becomes part of the host')
    .option('--repo <url>', 'Git repository')
    .option('--no-repo', 'none: it deploys images, tarballs or bundles only')
    .option('--branch <branch>', 'branch of production (default: main)');
  return addBuildOptions(command).action(
    cli.action((session, name: string, options: CreateProjectOptions) => runCreate(session, name, options)),
  );
}

export async function runCreate(session: Session, name: string, options: CreateProjectOptions): Outcome {
  const { repo, branch } = options;
  if (repo === undefined) throw new CutoverError('usage', 'name a repository with --repo, or say --no-repo');
  const repository = repo === false ? null : repo;
  const build = toBuildChange(options);
  const body = { name, repository, build, ...(branch === undefined ? {} : { branch }) };
  const project = await (await session.client()).call(endpoints.projects.create, { params: {}, body });
  const from = project.repository === null ? 'without a repository' : `from ${project.repository}`;
  session.show(project, `created ${project.name} ${from}`);
  session.say(`deploy it with: cutover deploy ${project.name} -e production`);
}
