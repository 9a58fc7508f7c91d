import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { approveCommand } from './approve.ts';
import { closeCommand } from './close.ts';
import { listCommand } from './list.ts';
import { openCommand } from './open.ts';
import { setCommand } from './set.ts';
import { settingsCommand } from './settings.ts';
import { showCommand } from './show.ts';

export function previewsCommand(cli: Cli): Command {
  return new Command('previews')
    .description('environments that come and go with pull requests and branches')
    .addCommand(listCommand(cli))
    .addCommand(openCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(approveCommand(cli))
    .addCommand(closeCommand(cli))
    .addCommand(settingsCommand(cli))
    .addCommand(setCommand(cli));
}
