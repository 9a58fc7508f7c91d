import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addBuildOptions, toBuildChange, type BuildOptions } from './build-options.ts';
import { describeProject } from './describe-project.ts';

export interface UpdateProjectOptions extends BuildOptions {
  readonly repo?: string;
  readonly gitPush?: boolean;
}

export function updateCommand(cli: Cli): Command {
  const command = new Command('update')
    .description('change the repository or build settings, from the next deployment on')
    .argument('<project>')
    .option('--repo <url>', 'Git repository')
    .option('--git-push', 'the platform keeps the repository from now on; push to it');
  return addBuildOptions(command).action(
    cli.action((session, project: string, options: UpdateProjectOptions) => runUpdate(session, project, options)),
  );
}

export async function runUpdate(session: Session, name: string, options: UpdateProjectOptions): Outcome {
  const build = toBuildChange(options);
  const { repo, gitPush = false } = options;
  if (repo === undefined && !gitPush && Object.keys(build).length === 0) {
    throw new CutoverError('usage', 'name at least one setting to change');
  }
  const body = {
    build,
    ...(repo === undefined ? {} : { repository: repo }),
    ...(gitPush ? ({ gitPush } as const) : {}),
  };
  const params = { project: name };
  const project = await (await session.client()).call(endpoints.projects.update, { params, body });
  session.show(project, describeProject(project));
}
