import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeEnvironment } from './describe-environment.ts';
import { addSettingsOptions, toSettingsChange, type SettingsOptions } from './settings-options.ts';

export interface CreateEnvironmentOptions extends SettingsOptions {
  readonly project?: string;
}

export function createCommand(cli: Cli): Command {
  const command = new Command('create')
    .description('create an environment')
    .argument('<name>', 'such as staging; becomes part of the host')
    .option('-p, --project <project>', 'default: the only project');
  return addSettingsOptions(command).action(
    cli.action((session, name: string, options: CreateEnvironmentOptions) => runCreate(session, name, options)),
  );
}

export async function runCreate(session: Session, name: string, options: CreateEnvironmentOptions): Outcome {
  const params = { project: await session.project(options.project) };
  const body = { name, settings: toSettingsChange(options, null) };
  const environment = await (await session.client()).call(endpoints.environments.create, { params, body });
  session.show(environment, describeEnvironment(environment));
}
