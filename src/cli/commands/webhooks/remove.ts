import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addHookOptions, chooseHook, type HookOptions } from './hook-options.ts';

export interface RemoveOptions extends HookOptions {
  readonly yes?: boolean;
}

export function removeCommand(cli: Cli): Command {
  const command = new Command('remove')
    .description('take nothing from its address any more, and forget what came to it')
    .option('-y, --yes', 'do not ask');
  return addHookOptions(command).action(
    cli.action((session, named: string | undefined, options: RemoveOptions) => runRemove(session, named, options)),
  );
}

export async function runRemove(session: Session, named: string | undefined, options: RemoveOptions): Outcome {
  const hook = await chooseHook(session, named, options);
  const whose = 'project' in hook ? hook.project : `the platform for ${hook.provider}`;
  await session.confirm(`Remove the webhook of ${whose}?`, options.yes ?? false);
  const client = await session.client();
  if ('project' in hook) await client.call(endpoints.webhooks.remove, { params: hook });
  else await client.call(endpoints.platformWebhooks.remove, { params: hook });
  session.show({ ...hook, removed: true }, `removed the webhook of ${whose}`);
}
