import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGunzip } from 'node:zlib';
import type { Commands } from '../../engine/commands/commands.ts';
import type { GitExchange } from '../../engine/ports/git-repositories.ts';
import type { OperatorLog } from '../../engine/ports/ports.ts';
import { CutoverError } from '../../contract/errors.ts';
import type { Problem } from '../../contract/problem.ts';
import { commonHeaders, describeFailure } from '../failure.ts';
import { authenticateGit } from './git-credentials.ts';
import { parseGitRequest, type GitRequest } from './git-request.ts';

export interface GitDoorOptions {
  readonly commands: Pick<Commands, 'tokens' | 'pushes'>;
  readonly log: OperatorLog;
  /** Aborted when the server shuts down: whoever waits for a deployment is told that it goes on. */
  readonly shutdown: AbortSignal;
  /** Whoever has not read a piece of what he is sent (64 KiB) for so long is gone. Default: a minute. */
  readonly unreadMs?: number;
}

const defaultUnreadMs = 60_000;

export type RequestListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/**
 * Git's protocol over HTTP, beside the API: bodies of any size pass through as they come, and answers go on for as long as a deployment
 * takes, so nothing of it goes through the framework of the API.
 */
export function createGitDoor(options: GitDoorOptions): RequestListener {
  return (incoming, outgoing) => {
    // A caller that went away: `GitExchange` has that, and nobody is left to be told.
    outgoing.on('error', (error) => options.log.info({ error: error.message }, 'whoever spoke Git went away'));
    void answer(options, incoming, outgoing).catch((error: unknown) => fail(options, { incoming, outgoing, error }));
  };
}

async function answer(options: GitDoorOptions, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { tokens, pushes } = options.commands;
  const request = parseGitRequest(incoming);
  const actor = await authenticateGit(tokens, incoming.headers.authorization);
  const { project, service, advertisement } = request;
  const exchange = exchangeOf(options, request, { incoming, outgoing });
  if (advertisement) await pushes.advertise(actor, project, service, exchange);
  else if (service === 'git-upload-pack') await pushes.upload(actor, project, exchange);
  else await pushes.push(actor, project, exchange);
  if (!outgoing.headersSent) outgoing.writeHead(200, headersOf(request));
  outgoing.end();
}

function headersOf({ service, advertisement }: GitRequest): Record<string, string> {
  const kind = advertisement ? 'advertisement' : 'result';
  return { ...commonHeaders, 'content-type': `application/x-${service}-${kind}` };
}

interface Connection {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

function exchangeOf(
  { shutdown, unreadMs = defaultUnreadMs }: GitDoorOptions,
  request: GitRequest,
  { incoming, outgoing }: Connection,
): GitExchange {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort(new Error('the caller is gone')));
  const { 'git-protocol': protocol, 'content-encoding': encoding } = incoming.headers;
  return {
    protocol: typeof protocol === 'string' ? protocol : null,
    // Whoever reads no further has something to say yet.
    body: encoding === 'gzip' ? unzipped(incoming) : incoming.iterator({ destroyOnReturn: false }),
    signal: AbortSignal.any([gone.signal, shutdown]),
    send: async (chunk) => {
      if (outgoing.destroyed) return;
      if (!outgoing.headersSent) outgoing.writeHead(200, headersOf(request));
      if (outgoing.write(chunk)) return;
      await roomOrEnd(outgoing, unreadMs);
    },
  };
}

/** There is room again, or nobody is there any more. */
async function roomOrEnd(outgoing: ServerResponse, unreadMs: number): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => outgoing.destroy(), unreadMs);
  const either = ['drain', 'close'].map((event) => once(outgoing, event, over));
  // An error closes it too.
  await Promise.race(either).catch(() => undefined);
  over.abort();
  clearTimeout(timer);
}

async function* unzipped(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  incoming.on('error', (error) => gunzip.destroy(error));
  try {
    yield* incoming.pipe(gunzip);
  } catch (cause) {
    if (incoming.errored !== null) throw cause;
    throw new CutoverError('invalid_input', 'the body is not what gzip makes', { cause });
  }
}

interface Failure extends Connection {
  readonly error: unknown;
}

/** Git shows what is text; where its protocol has begun, the answer is only cut off. */
function fail({ log }: GitDoorOptions, { incoming, outgoing, error }: Failure): void {
  if (outgoing.destroyed) return;
  const problem = describeFailure(error, log, `${incoming.method} ${incoming.url?.split('?')[0]}`);
  if (outgoing.headersSent) {
    outgoing.end(() => incoming.complete || incoming.destroy());
    return;
  }
  // What is left of a body that nobody wants is not waited for.
  outgoing.shouldKeepAlive = incoming.complete;
  outgoing.writeHead(problem.status, {
    ...commonHeaders,
    'content-type': 'text/plain; charset=utf-8',
    ...challenge(problem),
  });
  outgoing.end(`${problem.detail}\n${problem.next}\n`);
}

function challenge({ status }: Problem): Record<string, string> {
  return status === 401 ? { 'www-authenticate': 'Basic realm="cutover", charset="UTF-8"' } : {};
}
