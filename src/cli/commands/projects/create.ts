import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addBuildOptions, toBuildChange, type BuildOptions } from './build-options.ts';

export interface CreateProjectOptions extends BuildOptions {
  readonly repo: string;
  readonly branch?: string;
}

export function createCommand(cli: Cli): Command {
  const command = new Command('create')
    .description('create a project and its environment production')
    .argument('<name>', 'lower-case letters, digits and hyphens; becomes part of the host')
    .requiredOption('--repo <url>', 'Git repository')
    .option('--branch <branch>', 'branch of production (default: main)');
  return addBuildOptions(command).action(
    cli.action((session, name: string, options: CreateProjectOptions) => runCreate(session, name, options)),
  );
}

export async function runCreate(session: Session, name: string, options: CreateProjectOptions): Outcome {
  const { repo: repository, branch } = options;
  const build = toBuildChange(options);
  const body = { name, repository, build, ...(branch === undefined ? {} : { branch }) };
  const project = await (await session.client()).call(endpoints.projects.create, { params: {}, body });
  session.show(project, `created ${project.name} from ${project.repository}`);
  session.say(`deploy it with: cutover deploy ${project.name} -e production`);
}
