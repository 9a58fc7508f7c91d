import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { listCommand } from './list.ts';
import { setCommand } from './set.ts';
import { unsetCommand } from './unset.ts';

export function envCommand(cli: Cli): Command {
  return new Command('env')
    .description('variables of a project or of one environment')
    .addCommand(setCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(unsetCommand(cli));
}
