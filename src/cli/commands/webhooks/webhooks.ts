import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { listCommand } from './list.ts';
import { redeliverCommand } from './redeliver.ts';
import { removeCommand } from './remove.ts';
import { showCommand } from './show.ts';
import { urlCommand } from './url.ts';
import { watchCommand } from './watch.ts';

export function webhooksCommand(cli: Cli): Command {
  return new Command('webhooks')
    .description('what providers tell of pushes and pull requests, and what followed')
    .addCommand(urlCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(watchCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(redeliverCommand(cli))
    .addCommand(removeCommand(cli));
}
