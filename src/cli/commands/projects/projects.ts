import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { createCommand } from './create.ts';
import { credentialsCommand } from './credentials/credentials.ts';
import { deleteCommand } from './delete.ts';
import { listCommand } from './list.ts';
import { registriesCommand } from './registries/registries.ts';
import { remoteCommand } from './remote.ts';
import { providerCommand } from './provider/provider.ts';
import { showCommand } from './show.ts';
import { updateCommand } from './update.ts';

export function projectsCommand(cli: Cli): Command {
  return new Command('projects')
    .description('applications and where their code comes from')
    .addCommand(createCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(updateCommand(cli))
    .addCommand(remoteCommand(cli))
    .addCommand(deleteCommand(cli))
    .addCommand(credentialsCommand(cli))
    .addCommand(registriesCommand(cli))
    .addCommand(providerCommand(cli));
}
