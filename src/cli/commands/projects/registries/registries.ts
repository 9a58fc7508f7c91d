import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { listCommand } from './list.ts';
import { removeCommand } from './remove.ts';
import { setCommand } from './set.ts';

export function registriesCommand(cli: Cli): Command {
  return new Command('registries')
    .description('what registries are shown for private images')
    .addCommand(setCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(removeCommand(cli));
}
