import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { githubAppCommand } from './github-app/github-app.ts';

export function providersCommand(cli: Cli): Command {
  return new Command('providers')
    .description('how the platform is known to those who keep repositories')
    .addCommand(githubAppCommand(cli));
}
