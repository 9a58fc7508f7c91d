import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { WireDeploymentDetail } from '../../../contract/schemas/deployment.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseDeploymentNumber } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';

export interface LogsOptions {
  readonly project?: string;
  readonly follow?: boolean;
}

export function logsCommand(cli: Cli): Command {
  return new Command('logs')
    .description('print the log of a job or an instance')
    .argument('<number>', 'such as 42', parseDeploymentNumber)
    .argument(
      '[log]',
      'a job, such as BuildImageJob, or the id of an instance; default: the job that failed, runs, or ran last',
    )
    .option('-p, --project <project>', 'default: the only project')
    .option('-f, --follow', 'go on until the log ends')
    .action(
      cli.action((session, number: number, log: string | undefined, options: LogsOptions) => {
        return runLogs(session, { number, log, ...options });
      }),
    );
}

interface LogsRequest extends LogsOptions {
  readonly number: number;
  readonly log: string | undefined;
}

export async function runLogs(session: Session, request: LogsRequest): Outcome {
  const client = await session.client();
  const params = { project: await session.project(request.project), number: request.number };
  const log = request.log ?? chooseJob(await client.call(endpoints.deployments.get, { params }));
  if (request.log === undefined) session.say(`log of ${log}:`);
  const call = { params: { ...params, log }, query: { follow: request.follow ?? false } };
  for await (const line of client.stream(endpoints.deployments.log, call)) {
    session.terminal.stdout.write(session.json ? `${JSON.stringify(line)}\n` : `${line.text}\n`);
  }
}

function chooseJob({ jobs, deployment }: WireDeploymentDetail): string {
  const begun = jobs.filter(({ startedAt }) => startedAt !== null);
  const chosen =
    jobs.find(({ status }) => status === 'failure') ?? jobs.find(({ status }) => status === 'running') ?? begun.at(-1);
  if (chosen === undefined) throw new CutoverError('not_found', `no job of #${deployment.number} has begun`);
  return chosen.type;
}
