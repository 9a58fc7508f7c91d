import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { planCommand } from './plan.ts';

export function buildCommand(cli: Cli): Command {
  return new Command('build').description('how an app is built').addCommand(planCommand(cli));
}
