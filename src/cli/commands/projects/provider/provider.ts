import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { removeCommand } from './remove.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';
import { statusesCommand } from './statuses.ts';

export function providerCommand(cli: Cli): Command {
  return new Command('provider')
    .description('who is told of previews: comments, commit statuses and deployments')
    .addCommand(setCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(statusesCommand(cli))
    .addCommand(removeCommand(cli));
}
