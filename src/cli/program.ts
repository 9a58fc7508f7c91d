import { Command } from 'commander';
import type { Cli } from './cli.ts';
import { loginCommand } from './commands/account/login.ts';
import { whoamiCommand } from './commands/account/whoami.ts';
import { backupCommand } from './commands/backup/backup.ts';
import { buildCommand } from './commands/build/build.ts';
import { configCommand } from './commands/config/config.ts';
import { deployCommand } from './commands/deployments/deploy.ts';
import { deploymentsCommand } from './commands/deployments/deployments.ts';
import { queueCommand } from './commands/deployments/queue.ts';
import { envCommand } from './commands/env/env.ts';
import { environmentsCommand } from './commands/environments/environments.ts';
import { imagesCommand } from './commands/images/images.ts';
import { previewsCommand } from './commands/previews/previews.ts';
import { providersCommand } from './commands/providers/providers.ts';
import { projectsCommand } from './commands/projects/projects.ts';
import { pruneCommand } from './commands/retention/prune.ts';
import { retentionCommand } from './commands/retention/retention.ts';
import { rolloutCommand } from './commands/rollout/rollout.ts';
import { doctorCommand } from './commands/server/doctor.ts';
import { serverCommand } from './commands/server/server.ts';
import { systemCommand } from './commands/system/system.ts';
import { tokensCommand } from './commands/tokens/tokens.ts';
import { webhooksCommand } from './commands/webhooks/webhooks.ts';
import type { Terminal } from './terminal.ts';

/** The whole command line. Parsing throws CommanderError instead of ending the process. */
export function buildProgram(cli: Cli, terminal: Terminal, version: string): Command {
  const program = new Command('cutover')
    .description('Deployments from a Git commit to zero-downtime traffic.')
    .version(version)
    .option('--json', 'print the result as JSON on stdout')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // Every error is reported in one place.
      outputError: () => undefined,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .exitOverride();
  for (const command of commands(cli)) program.addCommand(command);
  inheritSettings(program);
  return program;
}

function commands(cli: Cli): readonly Command[] {
  return [
    loginCommand(cli),
    whoamiCommand(cli),
    projectsCommand(cli),
    environmentsCommand(cli),
    envCommand(cli),
    deployCommand(cli),
    deploymentsCommand(cli),
    rolloutCommand(cli),
    queueCommand(cli),
    webhooksCommand(cli),
    previewsCommand(cli),
    providersCommand(cli),
    tokensCommand(cli),
    serverCommand(cli),
    systemCommand(cli),
    doctorCommand(cli),
    backupCommand(cli),
    imagesCommand(cli),
    pruneCommand(cli),
    retentionCommand(cli),
    configCommand(cli),
    buildCommand(cli),
  ];
}

function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
