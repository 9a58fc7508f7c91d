import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { createCommand } from './create.ts';
import { listCommand } from './list.ts';
import { revokeCommand } from './revoke.ts';

export function tokensCommand(cli: Cli): Command {
  return new Command('tokens')
    .description('tokens of the API, and what they may do')
    .addCommand(createCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(revokeCommand(cli));
}
