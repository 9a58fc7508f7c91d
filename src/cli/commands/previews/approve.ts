import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describePreview } from './describe-preview.ts';

export interface ApprovePreviewOptions {
  readonly project?: string;
  readonly commit?: string;
  readonly yes?: boolean;
}

export function approveCommand(cli: Cli): Command {
  return new Command('approve')
    .description("let a commit from a fork be built: it runs with the variables of the project's previews")
    .argument('<preview>', 'such as pr-42')
    .option('-p, --project <project>', 'default: the only project')
    .option('--commit <sha>', 'the commit that was looked at; default: the newest, after asking')
    .option('-y, --yes', 'do not ask')
    .action(cli.action((session, name: string, options: ApprovePreviewOptions) => runApprove(session, name, options)));
}

export async function runApprove(session: Session, name: string, options: ApprovePreviewOptions): Outcome {
  const params = { project: await session.project(options.project), preview: name };
  const client = await session.client();
  const commit = options.commit?.toLowerCase() ?? (await client.call(endpoints.previews.get, { params })).commit;
  if (commit === null) throw new CutoverError('usage', 'the preview has no commit to approve; name one with --commit');
  if (options.commit === undefined) await session.confirm(`Build ${commit} in ${name}?`, options.yes ?? false);
  const preview = await client.call(endpoints.previews.approve, { params, body: { commit } });
  session.show(preview, describePreview(preview));
}
