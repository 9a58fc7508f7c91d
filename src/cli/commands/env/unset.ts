import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addLevelOptions, projectLevel, type LevelOptions } from './level.ts';

export function unsetCommand(cli: Cli): Command {
  const command = new Command('unset')
    .description('remove variables, from the next deployment on')
    .argument('<KEY...>');
  return addLevelOptions(command).action(
    cli.action((session, names: readonly string[], options: LevelOptions) => runUnset(session, names, options)),
  );
}

export async function runUnset(session: Session, names: readonly string[], options: LevelOptions): Outcome {
  const removed = await remove(session, names.join(','), options);
  if (removed.length === 0) throw new CutoverError('not_found', `there is no variable ${names.join(', ')}`);
  session.show({ removed }, `removed ${removed.join(', ')}`);
}

async function remove(session: Session, names: string, options: LevelOptions): Promise<readonly string[]> {
  const project = await session.project(options.project);
  const client = await session.client();
  const { environment } = options;
  const level = projectLevel(options);
  const query = { names };
  const { removed } =
    environment === undefined
      ? await client.call(level.unset, { params: { project }, query })
      : await client.call(endpoints.environmentVariables.unset, { params: { project, environment }, query });
  return removed;
}
