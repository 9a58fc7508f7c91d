import { Command } from 'commander';
import type { ServerStatus } from '../../../contract/schemas/system.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { exitCodes } from '../../exit-codes.ts';
import { facts, table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export interface StatusOptions {
  readonly dataDir?: string;
}

export function statusCommand(cli: Cli): Command {
  return new Command('status')
    .description('show whether the control plane of this machine runs, with versions and ports')
    .option('--data-dir <path>', 'of the server to look at')
    .action(cli.action((session, options: StatusOptions) => runStatus(session, options)));
}

/** 0 when it runs, 3 when not. */
export async function runStatus(session: Session, options: StatusOptions): Outcome {
  const location = options.dataDir === undefined ? {} : { dataDirectory: options.dataDir };
  const found = await (await session.local()).serverStatus(location, session.terminal.signal);
  if (!found.running) {
    session.show({ running: false }, 'the control plane does not run; start it with: cutover server start');
    return exitCodes.unavailable;
  }
  const { url, status } = found;
  const routerPort = status.listeners.find(({ name }) => name === 'router')?.port ?? null;
  session.show({ running: true, apiUrl: url, routerPort, ...status }, describeStatus(url, status));
  return exitCodes.ok;
}

function describeStatus(url: string, status: ServerStatus): string {
  const listeners = status.listeners.map(({ name, address, port }) => [name, `${address}:${port}`] as const);
  const rows = status.components.map(({ name, healthy, version, detail }) => {
    return [name, healthy ? 'ok' : 'does not answer', version ?? '-', detail ?? ''];
  });
  const process = facts([
    ['cutover', status.version],
    ['node', status.node],
    ['process', `${status.pid}, since ${status.startedAt}`],
    ['api url', url],
    ['base domain', status.baseDomain],
    ...listeners,
  ]);
  return `${process}\n\n${table(['PART', 'HEALTH', 'VERSION', 'DETAIL'], rows)}`;
}
