import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { diskUsageCommand } from './disk-usage.ts';

export function systemCommand(cli: Cli): Command {
  return new Command('system').description('the machine that apps run on').addCommand(diskUsageCommand(cli));
}
