import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDeployment, WireDeploymentDetail } from '../../../contract/schemas/deployment.ts';
import type { WireResourceUse, WireTrafficFigures } from '../../../contract/schemas/measurements.ts';
import { describeVerdict } from '../../../contract/verdict.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatBytes } from '../../output/bytes.ts';
import {
  formatCores,
  formatCount,
  formatDuration,
  formatShare,
  parseDeploymentNumber,
} from '../../output/quantities.ts';
import { facts, table } from '../../output/table.ts';
import { flatDetail } from '../../progress/watch-deployment.ts';
import { describeObservation } from '../../rollout/describe-observation.ts';
import type { Session } from '../../session.ts';
import { describeOrigin, describePhase, sourceFacts } from './describe-deployment.ts';

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
  const parts = [headline(detail), describeFacts(detail)];
  const traffic = trafficRows(detail.deployment.measurements);
  if (traffic.length > 0) parts.push(table(['TRAFFIC', 'REQUESTS', 'FAILED', 'P50', 'P95', 'P99'], traffic));
  if (detail.jobs.length > 0) parts.push(table(['JOB', 'STATUS', 'TOOK', 'ERROR'], detail.jobs.map(jobRow)));
  if (detail.instances.length > 0)
    parts.push(table(['INSTANCE', 'PHASE', 'RESTARTS', 'ID'], detail.instances.map(instanceRow)));
  return parts.join('\n\n');
}

/** With what could not have been seen, once it is live (rule 2.6). */
function headline({ deployment, verdict }: WireDeploymentDetail): string {
  return deployment.state === 'completed' && verdict !== null ? verdict : describeVerdict(deployment);
}

function describeFacts({ deployment, observation, url }: WireDeploymentDetail): string {
  const { failure, measurements } = deployment;
  const origin = describeOrigin(deployment);
  return facts([
    ['state', deployment.state],
    ['reason', deployment.reason],
    ...(origin === null ? [] : ([[deployment.kind, origin]] as const)),
    ['environment', deployment.environment],
    ...sourceFacts(deployment),
    ['url', url],
    ['triggered', `${deployment.createdAt} by ${deployment.trigger.by}`],
    ...durations(measurements),
    ...resourceFacts(measurements.resources),
    ...(observation === null ? [] : ([['observation', describeObservation(observation, Date.now())]] as const)),
    ...(failure === null
      ? []
      : ([
          ['code', failure.code],
          ['next', failure.next],
        ] as const)),
  ]);
}

function durations({ gateMs, drainMs, heldMs }: WireDeployment['measurements']) {
  const named = [
    ['gate', gateMs],
    ['drain', drainMs],
    ['longest wait', heldMs],
  ] as const;
  return named.flatMap(([name, ms]) => (ms === null ? [] : [[name, formatDuration(ms)] as const]));
}

/** Of the new version's instances together. */
function resourceFacts(resources: WireResourceUse | null): readonly (readonly [string, string])[] {
  if (resources === null) return [];
  const { cpuCores: cpu, memoryBytes: memory } = resources;
  const cpuFact = cpu === null ? [] : [['cpu', `${formatCores(cpu.average)}, at most ${cpu.max.toFixed(2)}`] as const];
  return [...cpuFact, ['memory', `${formatBytes(memory.average)}, at most ${formatBytes(memory.max)}`]];
}

function trafficRows({ before, during, after }: WireDeployment['measurements']): readonly (readonly string[])[] {
  const named = [
    ['before', before],
    ['during', during],
    ['after', after],
  ] as const;
  return named.flatMap(([name, figures]) => (figures === null ? [] : [trafficRow(name, figures)]));
}

function trafficRow(name: string, { requests, failed, p50Ms, p95Ms, p99Ms }: WireTrafficFigures): readonly string[] {
  const latencies = [p50Ms, p95Ms, p99Ms].map((ms) => (ms === null ? '-' : formatDuration(ms)));
  return [name, formatCount(requests), `${formatCount(failed)} (${formatShare(failed, requests)})`, ...latencies];
}

function jobRow({ type, status, startedAt, endedAt, error }: WireDeploymentDetail['jobs'][number]): readonly string[] {
  const took =
    startedAt === null
      ? ''
      : formatDuration((endedAt === null ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt));
  return [type, status, took, error?.split('\n', 1)[0] ?? ''];
}

function instanceRow(instance: WireDeploymentDetail['instances'][number]): readonly string[] {
  return [`${instance.process} ${instance.ordinal}`, describePhase(instance), String(instance.restarts), instance.id];
}
