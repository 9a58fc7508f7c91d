import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseDuration, parseMemory, parseNumber, parseWhole } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';
import { given } from '../environments/given.ts';
import { describeSettings } from './describe-preview.ts';

export interface SetPreviewsOptions {
  readonly project?: string;
  readonly pullRequests?: boolean;
  readonly branches?: boolean;
  readonly limit?: number;
  readonly ttl?: number | 'none';
  readonly sleepAfter?: number | 'none';
  readonly deploymentUrls?: number;
  readonly noindex?: boolean;
  readonly index?: boolean;
  readonly replicas?: number;
  readonly cpu?: number;
  readonly memory?: number;
  readonly passwordStdin?: boolean;
  /** False with --no-password. */
  readonly password?: false;
}

export function setCommand(cli: Cli): Command {
  return new Command('set')
    .description('change what previews of a project are given; what is not named stays as it is')
    .option('-p, --project <project>', 'default: the only project')
    .option('--pull-requests', 'pull requests get a preview by themselves')
    .option('--no-pull-requests', 'they do not')
    .option('--branches', 'branches that no environment deploys get one by themselves')
    .option('--no-branches', 'they do not')
    .option('--limit <n>', 'how many there may be at once', parseWhole)
    .option('--ttl <duration>', "time after the last push, such as 168h; 'none'", parseDurationOrNone)
    .option(
      '--sleep-after <duration>',
      "time without a request, such as 30m, until the next one; 'none'",
      parseDurationOrNone,
    )
    .option('--deployment-urls <n>', 'how many of the newest deployments of each have a URL of their own', parseWhole)
    .option('--noindex', 'tell search engines not to list them')
    .option('--index', 'do not tell them')
    .option('--replicas <n>', 'instances', parseWhole)
    .option('--cpu <cores>', 'CPU limit per instance, such as 0.5', parseNumber)
    .option('--memory <amount>', 'memory limit per instance, such as 512mb or 1gb', parseMemory)
    .option('--password-stdin', 'ask visitors for the password on standard input; asked for on a terminal')
    .option('--no-password', 'ask visitors for none')
    .action(cli.action((session, options: SetPreviewsOptions) => runSet(session, options)));
}

export async function runSet(session: Session, options: SetPreviewsOptions): Outcome {
  const { pullRequests, branches, limit, ttl, sleepAfter, deploymentUrls, replicas, cpu, memory } = options;
  const body = given({
    pullRequests,
    branches,
    limit,
    ttlMs: ttl === 'none' ? null : ttl,
    sleepAfterMs: sleepAfter === 'none' ? null : sleepAfter,
    deploymentUrls,
    noindex: options.index === true ? false : options.noindex,
    replicas,
    cpuCores: cpu,
    memoryMb: memory,
    password: await passwordOf(session, options),
  });
  if (Object.keys(body).length === 0) throw new CutoverError('usage', 'name at least one setting to change');
  const params = { project: await session.project(options.project) };
  const settings = await (await session.client()).call(endpoints.previews.updateSettings, { params, body });
  session.show(settings, describeSettings(settings));
}

/** A value is no argument: those can be read by everybody on the machine, and stay in the shell's history. */
async function passwordOf({ terminal }: Session, { password, passwordStdin }: SetPreviewsOptions) {
  if (password === false && passwordStdin === true)
    throw new CutoverError('usage', 'choose one of --password-stdin and --no-password');
  if (password === false) return null;
  if (passwordStdin !== true) return undefined;
  if (terminal.interactive) return terminal.ask('Password of the previews: ', { hidden: true });
  return (await terminal.readInput()).replace(/\r?\n$/, '');
}

function parseDurationOrNone(text: string): number | 'none' {
  return text === 'none' ? text : parseDuration(text);
}
