import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseWhole } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from '../deployments/choose-project.ts';
import { given } from '../environments/given.ts';
import { describePreview } from './describe-preview.ts';

export interface OpenPreviewOptions {
  readonly project?: string;
  readonly pullRequest?: number;
  readonly branch?: string;
  readonly commit?: string;
  readonly title?: string;
  readonly link?: string;
  readonly fork?: boolean;
}

export function openCommand(cli: Cli): Command {
  return new Command('open')
    .description('open the preview of a pull request or a branch, or show another commit in it')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .option('--pull-request <number>', 'of this pull request; without it, of the branch', parseWhole)
    .option('--branch <branch>', 'that the commits are on')
    .option('--commit <sha>', 'this commit, as 40 hex digits; default: the head of the branch')
    .option('--title <text>', 'for people')
    .option('--link <url>', 'to the page of the pull request')
    .option('--fork', "the commit is in somebody else's repository: it waits for approval")
    .action(
      cli.action((session, project: string | undefined, options: OpenPreviewOptions) => {
        return runOpen(session, project, options);
      }),
    );
}

export async function runOpen(session: Session, named: string | undefined, options: OpenPreviewOptions): Outcome {
  const { pullRequest, branch, commit, title, link, fork } = options;
  if (branch === undefined) throw new CutoverError('usage', 'name the branch with --branch');
  const params = { project: await session.project(chooseProject(named, options.project)) };
  const body = { branch, ...given({ pullRequest, commit: commit?.toLowerCase(), title, link, fromFork: fork }) };
  const preview = await (await session.client()).call(endpoints.previews.open, { params, body });
  session.show(preview, describePreview(preview));
}
