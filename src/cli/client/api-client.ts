import {
  eventStreamMediaType,
  jsonMediaType,
  type CallOf,
  type Endpoint,
  type EventOf,
  type QueryValue,
  type ResponseOf,
} from '../../contract/endpoint.ts';
import { CutoverError } from '../../contract/errors.ts';
import { fromProblem, problemSchema } from '../../contract/problem.ts';
import { followEvents } from './follow-events.ts';

export interface ApiClientOptions {
  readonly url: string;
  readonly token: string | null;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
  /** Told when a stream was cut and is taken up again. */
  readonly onInterruption: (message: string) => void;
}

const callTimeoutMs = 60_000;

/** Calls endpoints of the contract's table. Every failure is a CutoverError: the server's own, or `server_unreachable`. */
export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  async call<E extends Endpoint>(endpoint: E, call: CallOf<E>): Promise<ResponseOf<E>> {
    // How long it takes to send something is for the server to judge.
    const limits = call.upload === undefined ? [AbortSignal.timeout(callTimeoutMs)] : [];
    const signal = AbortSignal.any([this.#options.signal, ...limits]);
    const answer = await this.#send(endpoint, call, { signal, headers: { accept: jsonMediaType } });
    const body = () => (endpoint.mediaType === undefined ? readJson(answer) : answer.text());
    const value = endpoint.response === null ? undefined : this.#parse(endpoint.response, await body());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed with the endpoint's own schema
    return value as ResponseOf<E>;
  }

  /** Events until the server says that nothing more is to come; a cut connection is taken up after the last one. */
  async *stream<E extends Endpoint>(endpoint: E, call: CallOf<E>): AsyncGenerator<EventOf<E>> {
    const { event } = endpoint;
    if (event === undefined) throw new CutoverError('internal', `${endpoint.path} has no events`);
    const open = (lastEventId: string | null, signal: AbortSignal) =>
      this.#send(endpoint, call, {
        signal,
        headers: {
          accept: eventStreamMediaType,
          ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
        },
      });
    const { signal, onInterruption } = this.#options;
    for await (const data of followEvents({ open, signal, onInterruption })) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed with the endpoint's own schema
      yield this.#parse(event, data) as EventOf<E>;
    }
  }

  async #send<E extends Endpoint>(
    endpoint: E,
    call: CallOf<E>,
    init: { readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string>> },
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#options.token !== null) headers.set('authorization', `Bearer ${this.#options.token}`);
    if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey);
    const { body, duplex } = bodyOf(call);
    headers.set('content-type', duplex === undefined ? jsonMediaType : 'application/octet-stream');
    if (body === null) headers.delete('content-type');
    const request = { method: endpoint.method, headers, body, signal: init.signal, ...(duplex && { duplex }) };
    const answer = await this.#options
      .fetch(this.#address(endpoint, call), request)
      .catch((error: unknown) => this.#unreachable(error));
    if (!answer.ok) throw await this.#problemOf(answer);
    return answer;
  }

  #address(endpoint: Endpoint, call: CallOf<Endpoint>): string {
    const params: Readonly<Record<string, unknown>> = call.params;
    const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
    const query = new URLSearchParams();
    const given: Readonly<Record<string, QueryValue>> = call.query ?? {};
    for (const [name, value] of Object.entries(given)) {
      query.set(name, String(value));
    }
    const text = query.size === 0 ? path : `${path}?${query.toString()}`;
    if (!URL.canParse(text, this.#options.url)) {
      throw new CutoverError('usage', `"${this.#options.url}" is no address of a server`);
    }
    return new URL(text, this.#options.url).href;
  }

  #unreachable(error: unknown): never {
    this.#options.signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    // What was to be sent could not be read to its end.
    if (cause instanceof CutoverError) throw cause;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CutoverError('server_unreachable', `nothing answers at ${this.#options.url} (${why})`, { cause: error });
  }

  async #problemOf(answer: Response): Promise<CutoverError> {
    const problem = problemSchema.safeParse(await readJson(answer).catch(() => null));
    return problem.success ? fromProblem(problem.data) : this.#foreign(`status ${answer.status}`);
  }

  #parse<S extends NonNullable<Endpoint['response']>>(schema: S, value: unknown) {
    const result = schema.safeParse(value);
    if (!result.success) throw this.#foreign(result.error.message);
    return result.data;
  }

  #foreign(what: string): CutoverError {
    return new CutoverError(
      'server_unreachable',
      `what answers at ${this.#options.url} is not a Cutover server of this version (${what})`,
    );
  }
}

/** What is sent while it is read cannot be answered before it is sent. */
function bodyOf({ body, upload }: CallOf<Endpoint>) {
  if (upload !== undefined) return { body: upload, duplex: 'half' } as const;
  return { body: body === undefined ? null : JSON.stringify(body), duplex: undefined };
}

async function readJson(answer: Response): Promise<unknown> {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CutoverError('server_unreachable', 'the answer is no JSON; is this a Cutover server?', { cause });
  }
}
