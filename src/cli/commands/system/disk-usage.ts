import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatBytes } from '../../output/bytes.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function diskUsageCommand(cli: Cli): Command {
  return new Command('df')
    .description('show what takes room on the disks')
    .action(cli.action((session) => runDiskUsage(session)));
}

export async function runDiskUsage(session: Session): Outcome {
  const usage = await (await session.client()).call(endpoints.system.diskUsage, { params: {} });
  const rows = usage.parts.map(({ name, bytes, budgetBytes, what }) => [name, size(bytes), size(budgetBytes), what]);
  session.show(usage, table(['PART', 'SIZE', 'BUDGET', 'WHAT'], rows));
}

function size(bytes: number | null): string {
  return bytes === null ? '-' : formatBytes(bytes);
}
