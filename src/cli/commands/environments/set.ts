import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeEnvironment } from './describe-environment.ts';
import { addSettingsOptions, needsCurrent, toSettingsChange, type SettingsOptions } from './settings-options.ts';

export interface SetEnvironmentOptions extends SettingsOptions {
  readonly project?: string;
}

export function setCommand(cli: Cli): Command {
  const command = new Command('set')
    .description('change settings, from the next deployment on')
    .argument('<name>')
    .option('-p, --project <project>', 'default: the only project');
  return addSettingsOptions(command).action(
    cli.action((session, name: string, options: SetEnvironmentOptions) => runSet(session, name, options)),
  );
}

export async function runSet(session: Session, name: string, options: SetEnvironmentOptions): Outcome {
  const change = needsCurrent(options) ? null : toSettingsChange(options, null);
  if (change !== null && Object.keys(change).length === 0) {
    throw new CutoverError('usage', 'name at least one setting to change');
  }
  const project = await session.project(options.project);
  const params = { project, environment: name };
  const client = await session.client();
  const current = async () => (await client.call(endpoints.environments.get, { params })).settings;
  const settings = change ?? toSettingsChange(options, await current());
  const environment = await client.call(endpoints.environments.update, { params, body: { settings } });
  session.show(environment, describeEnvironment(environment));
  session.say(`takes effect with the next deployment: cutover deploy ${project} -e ${name}`);
}
