import { setTimeout as delay } from 'node:timers/promises';
import { streamEvents } from '../../contract/endpoint.ts';
import { CutoverError } from '../../contract/errors.ts';
import { fromProblem, problemSchema } from '../../contract/problem.ts';
import { parseEvents } from './parse-events.ts';

export interface FollowOptions {
  /** Opens the stream after an event; rejects with CutoverError. */
  readonly open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;
  readonly signal: AbortSignal;
  readonly onInterruption: (message: string) => void;
}

/** The server sends a comment every 15 s, so a longer silence means that the connection is dead. */
const silenceLimitMs = 45_000;
const retryEveryMs = 500;
const retryForMs = 60_000;

/**
 * Data of every event until `end`. A cut connection is taken up after the last event for up to a minute, as the control plane
 * may be restarting in the middle of a deployment. Errors: those of the first `open`, a `problem` event, `server_unreachable`.
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator {
  const position: Position = { lastEventId: null, ended: false };
  const connection = await connect(options, position);
  yield* connection;
  while (!position.ended) {
    options.onInterruption('the connection was cut; trying again');
    yield* await reconnect(options, position);
  }
}

interface Position {
  lastEventId: string | null;
  ended: boolean;
}

async function reconnect(options: FollowOptions, position: Position): Promise<AsyncGenerator> {
  const deadline = Date.now() + retryForMs;
  for (;;) {
    try {
      await delay(retryEveryMs, undefined, { signal: options.signal });
      return await connect(options, position);
    } catch (error) {
      options.signal.throwIfAborted();
      const passing = error instanceof CutoverError && error.kind === 'unavailable';
      if (!passing || Date.now() > deadline) throw error;
    }
  }
}

async function connect(options: FollowOptions, position: Position): Promise<AsyncGenerator> {
  const silence = new AbortController();
  const answer = await options.open(position.lastEventId, AbortSignal.any([options.signal, silence.signal]));
  return readConnection(answer, position, { own: options.signal, silence });
}

interface Cutters {
  /** The caller's: ends everything. */
  readonly own: AbortSignal;
  /** Ours: ends this connection. */
  readonly silence: AbortController;
}

/** Returns also when the connection is cut. */
async function* readConnection(answer: Response, position: Position, cutters: Cutters): AsyncGenerator {
  const restart = () => setTimeout(() => cutters.silence.abort(), silenceLimitMs).unref();
  let timer = restart();
  const heard = () => {
    clearTimeout(timer);
    timer = restart();
  };
  try {
    for await (const event of parseEvents(answer, heard)) {
      if (event.id !== null) position.lastEventId = event.id;
      if (event.name === streamEvents.end) position.ended = true;
      if (event.name === streamEvents.problem) throw toError(event.data);
      if (event.name === null) yield event.data;
    }
  } catch (error) {
    cutters.own.throwIfAborted();
    // Anything else means that the connection broke: the position says that the stream has not ended.
    if (error instanceof CutoverError) throw error;
  } finally {
    clearTimeout(timer);
  }
}

function toError(data: unknown): CutoverError {
  const problem = problemSchema.safeParse(data);
  return problem.success ? fromProblem(problem.data) : new CutoverError('internal', 'the server sent a broken problem');
}
