import { Command } from 'commander';
import { describeFileProblem, processKind, type AppConfigReport } from '../../../contract/app-config-report.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { exitCodes } from '../../exit-codes.ts';
import { shellLine } from '../../output/shell-line.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function validateCommand(cli: Cli): Command {
  return new Command('validate')
    .description('check cutover.yaml and Procfile without a server')
    .argument('[directory]', 'directory of the app', '.')
    .action(cli.action((session, directory: string) => runValidate(session, directory)));
}

/** 0 when the files are fine, else 1. Error: `not_found` where there is neither. */
export async function runValidate(session: Session, directory: string): Outcome {
  const report = await (await session.local()).examineAppConfig(directory, session.terminal.signal);
  if (report.files.length === 0 && report.problems.length === 0) {
    throw new CutoverError('not_found', `there is neither cutover.yaml nor Procfile in ${directory}`);
  }
  const { config, problems } = report;
  session.show(report, config === null ? problems.map(describeFileProblem).join('\n') : describe(report.files, config));
  return config === null ? exitCodes.failed : exitCodes.ok;
}

function describe(files: readonly string[], { processes }: NonNullable<AppConfigReport['config']>): string {
  const verdict = `${files.join(' and ')} ${files.length === 1 ? 'is' : 'are'} fine`;
  if (processes.length === 0) return verdict;
  const rows = processes.map(({ name, command }) => [name, processKind(name), shown(command)]);
  return `${verdict}\n${table(['PROCESS', 'KIND', 'COMMAND'], rows)}`;
}

/** The line the shell gets, or the list as JSON. */
function shown(command: readonly string[] | null | undefined): string {
  if (command === null || command === undefined) return "the image's own";
  return shellLine(command)?.replaceAll(/[\s\p{C}]+/gu, ' ') ?? JSON.stringify(command);
}
