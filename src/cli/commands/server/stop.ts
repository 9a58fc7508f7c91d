import { Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export interface StopOptions {
  readonly all?: boolean;
  readonly dataDir?: string;
}

export function stopCommand(cli: Cli): Command {
  return new Command('stop')
    .description('stop the control plane; what is deployed goes on serving')
    .option('--all', 'also stop the router, the database and the apps: traffic ends')
    .option('--data-dir <path>', 'of the server to stop')
    .action(cli.action((session, options: StopOptions) => runStop(session, options)));
}

export async function runStop(session: Session, options: StopOptions): Outcome {
  const everything = options.all ?? false;
  const location = options.dataDir === undefined ? {} : { dataDirectory: options.dataDir };
  const local = await session.local();
  const { wasRunning } = await local.stopServer({ everything, ...location }, session.terminal.signal);
  const done = everything ? 'everything is stopped' : 'the control plane is stopped; traffic goes on';
  session.show({ wasRunning, everything }, wasRunning ? done : 'nothing ran');
}
