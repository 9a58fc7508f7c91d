import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { showCommand } from './show.ts';
import { watchCommand } from './watch.ts';

export function rolloutCommand(cli: Cli): Command {
  return new Command('rollout')
    .description('where the traffic of an environment goes, and how its versions do')
    .addCommand(showCommand(cli))
    .addCommand(watchCommand(cli));
}
