import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireVariable } from '../../../contract/schemas/variable.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { addLevelOptions, projectLevel, type LevelOptions } from './level.ts';

export interface ListVariablesOptions extends LevelOptions {
  readonly show?: boolean;
}

export function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('list variables; values are hidden')
    .option('--show', 'show values; those of secrets are never shown');
  return addLevelOptions(command).action(
    cli.action((session, options: ListVariablesOptions) => runList(session, options)),
  );
}

export async function runList(session: Session, options: ListVariablesOptions): Outcome {
  const all = await fetchVariables(session, options);
  const variables = options.show ? all : all.map((variable) => ({ ...variable, value: null }));
  const rows = variables.map((variable) => [
    variable.name,
    shownValue(variable),
    variable.level,
    variable.build ? 'yes' : 'no',
  ]);
  session.show(variables, table(['NAME', 'VALUE', 'LEVEL', 'IN BUILDS'], rows));
}

async function fetchVariables(session: Session, options: ListVariablesOptions): Promise<readonly WireVariable[]> {
  const project = await session.project(options.project);
  const client = await session.client();
  const { environment } = options;
  const level = projectLevel(options);
  const { variables } =
    environment === undefined
      ? await client.call(level.list, { params: { project } })
      : await client.call(endpoints.environmentVariables.list, { params: { project, environment } });
  return variables;
}

function shownValue({ value, secret }: WireVariable): string {
  if (secret) return '(secret)';
  return value ?? '(hidden)';
}
