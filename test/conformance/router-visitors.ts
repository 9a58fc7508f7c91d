/** An app behind the router. `/` tells its name and what headers it was given; `/slow/<ms>`, `/500`, `/cut`, `/die`, `/drip`, `/stream` and `/page` do as they say. */
export interface App extends AsyncDisposable {
  readonly name: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** How many requests it was given. */
  readonly seen: () => number;
}

/** One that dies as a process does when it is killed. */
export interface CrashingApp extends AsyncDisposable {
  readonly port: number;
  /** Resolves when it has gone. */
  crash(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Partial<Record<string, string>>>;
  /** Every `Set-Cookie` of it. */
  readonly cookies: readonly string[];
  readonly body: string;
}

export interface Sent {
  /** Default: GET. */
  readonly method?: string;
  /** Default: /. */
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** From `connections`. Default: a connection of its own. */
  readonly over?: Disposable;
}

/** A request that is not waited for. */
export interface OpenRequest {
  /** Resolves with the headers of the answer. */
  readonly answered: Promise<void>;
  /** The visitor goes away. */
  leave(): void;
}

export interface OpenSocket {
  /** Resolves to what the app says to it: its name, a colon, and the text. */
  echo(text: string): Promise<string>;
  close(): void;
  /** Resolves when it is closed, by whomever. */
  readonly closed: Promise<void>;
}

/** Those who come to the router, and the apps they find there. A driver that carries no real traffic has its own. */
export interface Visitors {
  /** On that port, or on one that is free. */
  readonly startApp: (name: string, port?: number) => Promise<App>;
  readonly startCrashingApp: (name: string, port?: number) => Promise<CrashingApp>;
  /** One request; rejects when the connection is lost before the answer is whole. */
  readonly send: (host: string, sent?: Sent) => Promise<Answer>;
  /** Connections that are kept between requests, at most so many. */
  readonly connections: (most: number) => Disposable;
  /** `part`: only a part of the body is sent. */
  readonly open: (host: string, sent?: Omit<Sent, 'over'> & { readonly part?: true }) => OpenRequest;
  readonly openWebSocket: (host: string) => Promise<OpenSocket>;
}
