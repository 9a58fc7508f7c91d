import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { baseCommand } from './base.ts';

export function imagesCommand(cli: Cli): Command {
  return new Command('images').description('images on this machine').addCommand(baseCommand(cli));
}
