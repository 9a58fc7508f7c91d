/** Where text goes. */
export interface Output {
  write(text: string): void;
  /** True when a person watches: colours, live lines and questions are for them only. */
  readonly isTTY: boolean;
  readonly columns: number;
}

/** Everything the CLI touches of the outside. */
export interface Terminal {
  /** Data: what a pipe should get. */
  readonly stdout: Output;
  /** Talk: progress, questions, errors. */
  readonly stderr: Output;
  /** True when a question can be put and answered. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof globalThis.fetch;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** The same as it comes. */
  input(): AsyncIterable<Uint8Array>;
  /** One line of answer; what is typed is not shown when `hidden`. */
  ask(question: string, options: { readonly hidden: boolean }): Promise<string>;
}
