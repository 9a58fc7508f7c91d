import { Client } from 'pg';

/** What the server says to a new connection. `silent`: nobody listens, or nobody answers. */
export type ProbeAnswer = 'ready' | 'starting' | 'silent';

export interface SocketAddress {
  /** Directory of the Unix socket. */
  readonly host: string;
  readonly user: string;
  readonly database: string;
}

const timeoutMs = 2_000;

export async function probe(address: SocketAddress): Promise<ProbeAnswer> {
  const client = new Client({ ...address, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  const lost = Promise.withResolvers<ProbeAnswer>();
  client.on('error', () => lost.resolve('silent'));
  const answer = await Promise.race([ask(client), lost.promise]);
  // Ending a connection that never was can fail; the answer is known by now.
  client.end().then(undefined, () => lost.resolve(answer));
  return answer;
}

async function ask(client: Client): Promise<ProbeAnswer> {
  try {
    await client.connect();
    await client.query('select 1');
    return 'ready';
  } catch (error) {
    return judge(error);
  }
}

function judge(error: unknown): ProbeAnswer {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === '57P03' || code === '57P01' || code === '57P02') return 'starting';
  // Any other SQLSTATE, as "too many connections", is the answer of a server that runs.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E') ? 'ready' : 'silent';
}
