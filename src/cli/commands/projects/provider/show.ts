import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { WireProvider } from '../../../../contract/schemas/provider.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import { plainText } from '../../../output/quantities.ts';
import { facts } from '../../../output/table.ts';
import type { Session } from '../../../session.ts';

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('tell who is told of previews, and what went wrong last')
    .argument('<project>')
    .action(cli.action((session, project: string) => runShow(session, project)));
}

export async function runShow(session: Session, project: string): Outcome {
  const { provider } = await (await session.client()).call(endpoints.providers.get, { params: { project } });
  session.show(provider, provider === null ? 'none' : describeProvider(provider));
}

const byWhom = {
  token: 'a token of the project',
  installed: 'the GitHub App',
  missing: 'nobody: the GitHub App is not installed on the repository',
  suspended: 'nobody: the GitHub App is suspended on the repository',
} as const;

export function describeProvider(provider: WireProvider): string {
  const {
    kind,
    apiUrl,
    repository,
    installation,
    fingerprint,
    setBy,
    setAt,
    tellsDeployments,
    lastError,
    lastErrorAt,
  } = provider;
  return facts([
    ['kind', kind],
    ['api', apiUrl],
    ['repository', repository],
    ['by', byWhom[installation ?? 'token']],
    ['statuses', tellsDeployments ? 'of every environment' : 'of previews only'],
    ['fingerprint', fingerprint],
    ['set', `${setAt} by ${setBy}`],
    ['last error', lastError === null ? null : `${lastErrorAt ?? '?'} ${plainText(lastError)}`],
  ]);
}
