import { Command } from 'commander';
import type { Cli, Outcome } from '../../cli.ts';
import { writeLogin } from '../../config.ts';
import type { StartedServer } from '../../local-operations.ts';
import { parseWhole } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';

export interface StartOptions {
  readonly apiPort?: number;
  readonly httpPort?: number;
  readonly baseDomain?: string;
  readonly dataDir?: string;
}

export function startCommand(cli: Cli): Command {
  return new Command('start')
    .description('start the control plane, its database and the router in the background')
    .option('--api-port <port>', 'port of the API on loopback (default: CUTOVER_API_PORT, else 7080)', parseWhole)
    .option('--http-port <port>', 'port visitors come to (default: CUTOVER_HTTP_PORT, else 8080)', parseWhole)
    .option('--base-domain <domain>', 'domain of the hosts (default: CUTOVER_BASE_DOMAIN, else localhost)')
    .option('--data-dir <path>', "where everything is kept (default: CUTOVER_DATA_DIR, else the system's place)")
    .action(cli.action((session, options: StartOptions) => runStart(session, options)));
}

export async function runStart(session: Session, options: StartOptions): Outcome {
  const { apiPort, httpPort, baseDomain, dataDir } = options;
  const local = await session.local();
  const started = await local.startServer(
    {
      ...(apiPort === undefined ? {} : { apiPort }),
      ...(httpPort === undefined ? {} : { routerPort: httpPort }),
      ...(baseDomain === undefined ? {} : { baseDomain }),
      ...(dataDir === undefined ? {} : { dataDirectory: dataDir }),
    },
    session.terminal.signal,
  );
  const { adminToken, ...shown } = started;
  session.show(shown, describeStart(started));
  if (adminToken === null) return;
  const file = await writeLogin(session.terminal.env, { url: started.url, token: adminToken });
  session.say(`you are logged in with the admin token of this first start, kept in ${file}`);
}

function describeStart({ wasRunning, url, pid }: StartedServer): string {
  return `Cutover ${wasRunning ? 'runs already' : 'runs'}: ${url} (process ${pid})`;
}
