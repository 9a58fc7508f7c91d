import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeSettings } from './describe-preview.ts';

export function settingsCommand(cli: Cli): Command {
  return new Command('settings')
    .description('what previews of a project are given')
    .option('-p, --project <project>', 'default: the only project')
    .action(cli.action((session, options: { project?: string }) => runSettings(session, options)));
}

export async function runSettings(session: Session, options: { readonly project?: string }): Outcome {
  const params = { project: await session.project(options.project) };
  const settings = await (await session.client()).call(endpoints.previews.settings, { params });
  session.show(settings, describeSettings(settings));
}
