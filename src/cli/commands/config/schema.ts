import { Command } from 'commander';
import { appConfigJsonSchema } from '../../../contract/schemas/app-config.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export function schemaCommand(cli: Cli): Command {
  return new Command('schema')
    .description('print the JSON Schema of cutover.yaml, for editors')
    .action(cli.action((session) => runSchema(session)));
}

/** The schema is JSON with and without --json. */
export async function runSchema(session: Session): Outcome {
  const schema = appConfigJsonSchema();
  session.show(schema, JSON.stringify(schema, null, 2));
}
