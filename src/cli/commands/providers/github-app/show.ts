import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { WireGitHubApp } from '../../../../contract/schemas/github-app.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import { plainText } from '../../../output/quantities.ts';
import { facts } from '../../../output/table.ts';
import type { Session } from '../../../session.ts';

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('tell which App it is, where it is installed from, and what went wrong last')
    .action(cli.action((session) => runShow(session)));
}

export async function runShow(session: Session): Outcome {
  const { githubApp } = await (await session.client()).call(endpoints.githubApp.get, { params: {} });
  session.show(githubApp, githubApp === null ? 'none' : describeApp(githubApp));
}

export function describeApp(app: WireGitHubApp): string {
  const { appId, slug, apiUrl, installUrl, fingerprint, setBy, setAt, lastError, lastErrorAt } = app;
  return facts([
    ['app', `${appId} (${slug})`],
    ['api', apiUrl],
    ['install it', installUrl],
    ['fingerprint', fingerprint],
    ['set', `${setAt} by ${setBy}`],
    ['last error', lastError === null ? null : `${lastErrorAt ?? '?'} ${plainText(lastError)}`],
  ]);
}
