import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeSettings } from './describe-retention.ts';

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('what is kept of what was deployed, and for how long')
    .action(cli.action((session) => runShow(session)));
}

export async function runShow(session: Session): Outcome {
  const settings = await (await session.client()).call(endpoints.retention.settings, { params: {} });
  session.show(settings, describeSettings(settings));
}
