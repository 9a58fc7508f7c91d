import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireWebhook } from '../../../contract/schemas/webhook.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { facts } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { addHookOptions, chooseHook, type Hook, type HookOptions } from './hook-options.ts';

export interface UrlOptions extends HookOptions {
  readonly newSecret?: boolean;
}

export function urlCommand(cli: Cli): Command {
  const command = new Command('url')
    .description('where a provider is to call, and the secret it is to sign with')
    .option('--new-secret', 'in place of the one there is, which is worth nothing any more');
  return addHookOptions(command).action(
    cli.action((session, named: string | undefined, options: UrlOptions) => runUrl(session, named, options)),
  );
}

export async function runUrl(session: Session, named: string | undefined, options: UrlOptions): Outcome {
  const webhook = await put(session, await chooseHook(session, named, options), options.newSecret ?? false);
  session.show(webhook, describeWebhook(webhook));
  session.say('the paths are below the address at which the internet reaches this platform');
}

async function put(session: Session, hook: Hook, newSecret: boolean): Promise<WireWebhook> {
  const client = await session.client();
  const body = { newSecret };
  return 'project' in hook
    ? client.call(endpoints.webhooks.put, { params: hook, body })
    : client.call(endpoints.platformWebhooks.put, { params: hook, body });
}

function describeWebhook({ secret, signingToken, paths, secretSetAt }: WireWebhook): string {
  const addresses = Object.entries(paths).map(([provider, path]) => [provider, path] as const);
  const token = paths.gitlab === undefined ? [] : [['GitLab signing token', signingToken] as const];
  return facts([...addresses, ['secret', secret], ...token, ['secret set', secretSetAt]]);
}
