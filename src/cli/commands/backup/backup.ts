import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { createCommand } from './create.ts';
import { restoreCommand } from './restore.ts';
import { verifyCommand } from './verify.ts';

export function backupCommand(cli: Cli): Command {
  return new Command('backup')
    .description('keep and bring back everything of the platform on this machine')
    .addCommand(createCommand(cli))
    .addCommand(verifyCommand(cli))
    .addCommand(restoreCommand(cli));
}
