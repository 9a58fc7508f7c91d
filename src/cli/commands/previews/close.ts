import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describePreview } from './describe-preview.ts';

export function closeCommand(cli: Cli): Command {
  return new Command('close')
    .description('close a preview and remove its environment, until the next push')
    .argument('<preview>', 'such as pr-42')
    .option('-p, --project <project>', 'default: the only project')
    .action(cli.action((session, name: string, options: { project?: string }) => runClose(session, name, options)));
}

export async function runClose(session: Session, name: string, options: { readonly project?: string }): Outcome {
  const params = { project: await session.project(options.project), preview: name };
  const preview = await (await session.client()).call(endpoints.previews.close, { params });
  session.show(preview, describePreview(preview));
}
