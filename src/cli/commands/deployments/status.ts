import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDeploymentDetail } from '../../../contract/schemas/deployment.ts';
import { describeVerdict } from '../../../contract/verdict.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatDuration, parseDeploymentNumber } from '../../output/quantities.ts';
import { facts, table } from '../../output/table.ts';
import { flatDetail } from '../../progress/watch-deployment.ts';
import type { Session } from '../../session.ts';

export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .description('show a deployment with its jobs and instances')
    .argument('<number>', 'such as 42', parseDeploymentNumber)
    .option('-p, --project <project>', 'default: the only project')
    .action(
      cli.action((session, number: number, options: { project?: string }) => runStatus(session, number, options)),
    );
}

export async function runStatus(session: Session, number: number, options: { readonly project?: string }): Outcome {
  const params = { project: await session.project(options.project), number };
  const detail = await (await session.client()).call(endpoints.deployments.get, { params });
  session.show(flatDetail(detail), describeDetail(detail));
}

function describeDetail(detail: WireDeploymentDetail): string {
  const parts = [describeVerdict(detail.deployment), describeFacts(detail)];
  if (detail.jobs.length > 0) parts.push(table(['JOB', 'STATUS', 'TOOK', 'ERROR'], detail.jobs.map(jobRow)));
  if (detail.instances.length > 0)
    parts.push(table(['INSTANCE', 'PHASE', 'RESTARTS', 'ID'], detail.instances.map(instanceRow)));
  return parts.join('\n\n');
}

function describeFacts({ deployment, url }: WireDeploymentDetail): string {
  const { source, failure } = deployment;
  return facts([
    ['state', deployment.state],
    ['reason', deployment.reason],
    ['environment', deployment.environment],
    ['commit', source.commit === null ? source.requestedCommit : `${source.commit.sha} ${source.commit.message}`],
    ['branch', source.branch],
    ['url', url],
    ['triggered', `${deployment.createdAt} by ${deployment.trigger.by}`],
    ...(failure === null
      ? []
      : ([
          ['code', failure.code],
          ['next', failure.next],
        ] as const)),
  ]);
}

function jobRow({ type, status, startedAt, endedAt, error }: WireDeploymentDetail['jobs'][number]): readonly string[] {
  const took =
    startedAt === null
      ? ''
      : formatDuration((endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt));
  return [type, status, took, error?.split('\n', 1)[0] ?? ''];
}

function instanceRow(instance: WireDeploymentDetail['instances'][number]): readonly string[] {
  return [`${instance.process} ${instance.ordinal}`, instance.phase, String(instance.restarts), instance.id];
}
