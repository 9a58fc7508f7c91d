import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { schemaCommand } from './schema.ts';
import { validateCommand } from './validate.ts';

export function configCommand(cli: Cli): Command {
  return new Command('config')
    .description('cutover.yaml and Procfile of an app')
    .addCommand(validateCommand(cli))
    .addCommand(schemaCommand(cli));
}
