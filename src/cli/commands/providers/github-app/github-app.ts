import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { removeCommand } from './remove.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';

export function githubAppCommand(cli: Cli): Command {
  return new Command('github-app')
    .description('the GitHub App that acts for every project without a token of its own')
    .addCommand(setCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(removeCommand(cli));
}
