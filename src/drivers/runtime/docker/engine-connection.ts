import Docker from 'dockerode';
import { CutoverError } from '../../../domain/errors.ts';

/** The newest API version this driver was written against; engines down to 20.10 (1.41) answer all it asks. */
const newestKnownApi = '1.44';

const saysDiskFull = /no space left on device|disk quota exceeded/i;

/**
 * The engine answered, and said no. Where nobody handles it, the engine is of no use to us: `disk_full` where that is why, else
 * `runtime_unavailable`.
 */
export class EngineRefusal extends CutoverError {
  readonly status: number;

  constructor(what: string, status: number, options: { readonly said: string; readonly cause: unknown }) {
    const code = saysDiskFull.test(options.said) ? 'disk_full' : 'runtime_unavailable';
    super(code, `Docker Engine could not ${what}: ${options.said}`, { cause: options.cause });
    this.name = 'EngineRefusal';
    this.status = status;
    this.said = options.said;
  }

  /** Docker's own words. */
  readonly said: string;
}

export function isRefusal(error: unknown, ...statuses: readonly number[]): error is EngineRefusal {
  return error instanceof EngineRefusal && (statuses.length === 0 || statuses.includes(error.status));
}

/** A full disk is the machine's fault, and passes: it says nothing of what the engine was given. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof EngineRefusal && error.code === 'disk_full';
}

/** What one call is for, as the second half of "Docker Engine could not …", and how long it may take. */
export interface CallLimits {
  readonly what: string;
  readonly timeoutMs: number;
}

/**
 * The connection to Docker Engine: negotiates the API version once, gives every call a deadline, and turns what goes wrong into
 * `EngineRefusal` (it answered) or `runtime_unavailable` (it did not). An abort by the caller throws the signal's reason.
 */
export class EngineConnection {
  readonly #socketPath: string;
  #negotiated: Promise<Docker> | null = null;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async call<T>(
    limits: CallLimits,
    signal: AbortSignal,
    run: (docker: Docker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]);
    try {
      return await untilAborted(
        this.#client().then((docker) => run(docker, bounded)),
        bounded,
      );
    } catch (error) {
      signal.throwIfAborted();
      throw this.#explain(error, limits, bounded.aborted);
    }
  }

  #client(): Promise<Docker> {
    this.#negotiated ??= negotiate(this.#socketPath);
    return this.#negotiated;
  }

  #explain(error: unknown, limits: CallLimits, outOfTime: boolean): CutoverError {
    const status = httpStatus(error);
    if (status !== null) return new EngineRefusal(limits.what, status, { said: dockerMessage(error), cause: error });
    // It may come back as another version.
    this.#negotiated = null;
    const why = outOfTime ? `no answer within ${limits.timeoutMs / 1000} s` : errorText(error);
    return new CutoverError(
      'runtime_unavailable',
      `Docker Engine at ${this.#socketPath} could not ${limits.what}: ${why}`,
      {
        cause: error,
      },
    );
  }
}

async function negotiate(socketPath: string): Promise<Docker> {
  const offered = await client(socketPath).version();
  return client(socketPath, `v${chooseApiVersion(offered.ApiVersion, offered.MinAPIVersion ?? offered.ApiVersion)}`);
}

function client(socketPath: string, version?: string): Docker {
  // The empty host keeps DOCKER_HOST from overruling the socket.
  return new Docker({ socketPath, host: '', ...(version === undefined ? {} : { version }) });
}

/** The newest version both sides know; an engine that is too new for ours gets its own oldest. */
export function chooseApiVersion(newestOffered: string, oldestOffered: string): string {
  if (isOlder(newestOffered, newestKnownApi)) return newestOffered;
  return isOlder(newestKnownApi, oldestOffered) ? oldestOffered : newestKnownApi;
}

function isOlder(a: string, b: string): boolean {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor === bMajor ? aMinor < bMinor : aMajor < bMajor;
}

/** The client library does not always settle when it is aborted while an answer comes in. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function httpStatus(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : null;
}

function dockerMessage(error: unknown): string {
  if (error instanceof Error && 'json' in error && typeof error.json === 'object' && error.json !== null) {
    if ('message' in error.json && typeof error.json.message === 'string') return error.json.message.trim();
  }
  return errorText(error);
}

function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}
