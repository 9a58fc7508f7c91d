import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';

export function retentionCommand(cli: Cli): Command {
  return new Command('retention')
    .description('what is kept of what was deployed, and for how long')
    .addCommand(showCommand(cli))
    .addCommand(setCommand(cli));
}
