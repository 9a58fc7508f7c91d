/** One request as an app is given it. */
export interface AppRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly host: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Length of the body. */
  readonly received: number;
  readonly upgrade: boolean;
  /** The platform asks, not a visitor. */
  readonly isProbe: boolean;
  /** How long the visitor takes for the answer, at least. */
  readonly takesMs: number;
}

/** What an app does with a request. Times in milliseconds. */
export interface AppAnswer {
  /** From the whole request to the headers; null: it never answers. */
  readonly headersMs: number | null;
  readonly status: number;
  readonly contentType: string;
  /** The first piece of the body where that goes on. */
  readonly body: string;
  /** From the headers to the end of the body; null: it goes on until somebody closes the connection. */
  readonly bodyMs: number | null;
  /** The connection is closed instead of the headers, or instead of the rest of the body. */
  readonly closes: 'never' | 'before-headers' | 'in-body';
  /** It is not HTTP, and this says why; null: it is. */
  readonly nonsense: string | null;
}

const plainAnswer: AppAnswer = Object.freeze({
  headersMs: 0,
  status: 200,
  contentType: 'text/plain',
  body: '',
  bodyMs: 0,
  closes: 'never',
  nonsense: null,
});

export function answerWith(change: Partial<AppAnswer>): AppAnswer {
  return { ...plainAnswer, ...change };
}

/** Somebody who has a connection to an app, and learns when that goes away. */
export interface Connection {
  lost(): void;
}

/** A program that listens. */
export interface Endpoint {
  readonly name: string;
  readonly connections: Set<Connection>;
  take(request: AppRequest): AppAnswer;
}

/** Whatever has an address. */
export interface Host {
  /** null: nobody listens there. */
  endpointAt(port: number): Endpoint | null;
}

/** Who can be reached where. */
export class Endpoints {
  readonly #hosts = new Map<string, Host>();

  /** The address is this host's now. */
  assign(address: string, host: Host): void {
    this.#hosts.set(address, host);
  }

  withdraw(address: string): void {
    this.#hosts.delete(address);
  }

  /** null: the connection is refused. */
  find(address: string, port: number): Endpoint | null {
    return this.#hosts.get(address)?.endpointAt(port) ?? null;
  }
}
