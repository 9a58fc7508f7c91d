import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { splitPair } from '../projects/build-options.ts';
import { addLevelOptions, projectLevel, type LevelOptions } from './level.ts';

export interface SetVariablesOptions extends LevelOptions {
  readonly secret?: boolean;
  readonly build?: boolean;
}

export function setCommand(cli: Cli): Command {
  const command = new Command('set')
    .description('set variables, from the next deployment on')
    .argument('<KEY=VALUE...>')
    .option('--secret', 'encrypt, mask in logs, and never show again')
    .option('--build', 'give them to builds too, as build secrets that no image keeps');
  return addLevelOptions(command).action(
    cli.action((session, pairs: readonly string[], options: SetVariablesOptions) => runSet(session, pairs, options)),
  );
}

export async function runSet(session: Session, pairs: readonly string[], options: SetVariablesOptions): Outcome {
  const { secret = false, build = false } = options;
  const variables = pairs.map(splitPair).map(([name, value]) => ({ name, value, secret, build }));
  const project = await session.project(options.project);
  const client = await session.client();
  const { environment } = options;
  const level = projectLevel(options);
  if (environment === undefined) {
    await client.call(level.set, { params: { project }, body: { variables } });
  } else {
    await client.call(endpoints.environmentVariables.set, { params: { project, environment }, body: { variables } });
  }
  const names = variables.map(({ name }) => name);
  session.show(
    { project, environment: environment ?? null, previews: options.previews ?? false, set: names, secret, build },
    `set ${names.join(', ')}`,
  );
}
