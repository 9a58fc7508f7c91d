import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { cancelCommand } from './cancel.ts';
import { listCommand } from './list.ts';
import { logsCommand } from './logs.ts';
import { pauseCommand } from './pause.ts';
import { promoteCommand } from './promote.ts';
import { resumeCommand } from './resume.ts';
import { rollbackCommand } from './rollback.ts';
import { statusCommand } from './status.ts';

export function deploymentsCommand(cli: Cli): Command {
  return new Command('deployments')
    .description('what was deployed, and how it went')
    .addCommand(listCommand(cli))
    .addCommand(statusCommand(cli))
    .addCommand(logsCommand(cli))
    .addCommand(cancelCommand(cli))
    .addCommand(pauseCommand(cli))
    .addCommand(resumeCommand(cli))
    .addCommand(rollbackCommand(cli))
    .addCommand(promoteCommand(cli));
}
