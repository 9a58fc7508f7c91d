import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeProject } from './describe-project.ts';

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('show a project and its build settings')
    .argument('<project>')
    .action(cli.action((session, project: string) => runShow(session, project)));
}

export async function runShow(session: Session, name: string): Outcome {
  const project = await (await session.client()).call(endpoints.projects.get, { params: { project: name } });
  session.show(project, describeProject(project));
}
