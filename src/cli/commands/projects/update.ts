import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addBuildOptions, toBuildChange, type BuildOptions } from './build-options.ts';
import { describeProject } from './describe-project.ts';

export interface UpdateProjectOptions extends BuildOptions {
  readonly repo?: string;
}

export function updateCommand(cli: Cli): Command {
  const command = new Command('update')
    .description('change the repository or build settings, from the next deployment on')
    .argument('<project>')
    .option('--repo <url>', 'Git repository');
  return addBuildOptions(command).action(
    cli.action((session, project: string, options: UpdateProjectOptions) => runUpdate(session, project, options)),
  );
}

export async function runUpdate(session: Session, name: string, options: UpdateProjectOptions): Outcome {
  const build = toBuildChange(options);
  if (options.repo === undefined && Object.keys(build).length === 0) {
    throw new CutoverError('usage', 'name at least one setting to change');
  }
  const body = { build, ...(options.repo === undefined ? {} : { repository: options.repo }) };
  const params = { project: name };
  const project = await (await session.client()).call(endpoints.projects.update, { params, body });
  session.show(project, describeProject(project));
}
