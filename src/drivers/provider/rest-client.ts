import { z } from 'zod';
import { ProviderError } from '../../engine/ports/provider.ts';
import { notReached, providerFailure } from './provider-failure.ts';

export interface RestOptions {
  readonly apiUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below the API's address, or a whole URL of it. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Of the next page; null: it was the last one. */
  readonly next: string | null;
}

/** More pages than this are not asked for. */
const mostPages = 100;

/** JSON over HTTP, with what is answered checked by a schema. Error: `ProviderError`. */
export class RestClient {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  async call<S extends z.ZodType>(schema: S, call: Call): Promise<z.output<S>> {
    return this.#parse(schema, call, await this.#send(call));
  }

  /** null where the provider answers that there is nothing. */
  async find<S extends z.ZodType>(schema: S, call: Call): Promise<z.output<S> | null> {
    const answer = await this.#fetch(call);
    return answer.status === 404 ? null : this.#parse(schema, call, await this.#checked(call, answer));
  }

  /**
   * Every page, from the first on. `pageOf` finds the items and the next page in what was answered. Error: `provider_refused` where there are
   * more than are asked for, and all of them are needed.
   */
  async all<S extends z.ZodType, T>(
    schema: S,
    call: Call & { readonly whole?: boolean },
    pageOf: (body: z.output<S>, headers: Headers) => Page<T>,
  ): Promise<readonly T[]> {
    const items: T[] = [];
    let path: string | null = call.path;
    for (let page = 0; path !== null && page < mostPages; page += 1) {
      const answer: Response = await this.#send({ ...call, path });
      const { items: found, next } = pageOf(await this.#parse(schema, call, answer), answer.headers);
      items.push(...found);
      path = next;
    }
    if (path !== null && call.whole === true)
      throw new ProviderError('provider_refused', `${describe(call)}: more than ${mostPages} pages`);
    return items;
  }

  async #send(call: Call): Promise<Response> {
    return this.#checked(call, await this.#fetch(call));
  }

  async #checked(call: Call, answer: Response): Promise<Response> {
    if (answer.ok) return answer;
    const message = await answer.text();
    const header = (name: string) => answer.headers.get(name);
    throw providerFailure({ status: answer.status, header, message, what: describe(call) }, Date.now());
  }

  /** A page elsewhere than at the API is not asked for: it would be shown the token. */
  async #fetch(call: Call): Promise<Response> {
    const { apiUrl, headers, fetch } = this.#options;
    const url = call.path.startsWith('/') ? `${apiUrl}${call.path}` : call.path;
    if (!url.startsWith(`${apiUrl}/`)) throw notReached(describe(call), `the next page is elsewhere: ${url}`);
    try {
      return await fetch(url, {
        method: call.method,
        headers: { accept: 'application/json', 'user-agent': 'cutover', ...jsonBody(call), ...headers },
        signal: call.signal,
        redirect: 'manual',
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
    } catch (cause) {
      call.signal.throwIfAborted();
      throw notReached(describe(call), cause);
    }
  }

  async #parse<S extends z.ZodType>(schema: S, call: Call, answer: Response): Promise<z.output<S>> {
    try {
      return schema.parse(await answer.json());
    } catch (cause) {
      throw notReached(`${describe(call)} was answered with something else`, cause);
    }
  }
}

function jsonBody({ body }: Call): Record<string, string> {
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

function describe({ method, path }: Call): string {
  return `${method} ${path.replace(/\?.*/, '')}`;
}

/** The `next` of a `Link` header; null: there is none. */
export function nextLink(link: string | null): string | null {
  return /<([^<>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1] ?? null;
}

/** What of an answer nobody needs. */
export const anything = z.unknown();
