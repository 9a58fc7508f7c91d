import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { stopCommand } from './stop.ts';

export function serverCommand(cli: Cli): Command {
  return new Command('server')
    .description('the control plane on this machine')
    .addCommand(startCommand(cli))
    .addCommand(stopCommand(cli))
    .addCommand(statusCommand(cli));
}
