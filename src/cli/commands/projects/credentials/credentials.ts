import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { forgetHostKeysCommand } from './forget-host-keys.ts';
import { removeCommand } from './remove.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';

export function credentialsCommand(cli: Cli): Command {
  return new Command('credentials')
    .description('what the Git server is shown for a private repository')
    .addCommand(setCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(removeCommand(cli))
    .addCommand(forgetHostKeysCommand(cli));
}
