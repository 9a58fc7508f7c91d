import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { createCommand } from './create.ts';
import { deleteCommand } from './delete.ts';
import { listCommand } from './list.ts';
import { resumeAutoDeployCommand } from './resume-auto-deploy.ts';
import { setCommand } from './set.ts';
import { showCommand } from './show.ts';

export function environmentsCommand(cli: Cli): Command {
  return new Command('environments')
    .description('places a project runs in, and their settings')
    .addCommand(createCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(setCommand(cli))
    .addCommand(resumeAutoDeployCommand(cli))
    .addCommand(deleteCommand(cli));
}
