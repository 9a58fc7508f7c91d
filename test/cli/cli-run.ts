import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { main } from '../../src/cli/main.ts';
import type { LocalOperations } from '../../src/cli/local-operations.ts';
import type { Output } from '../../src/cli/terminal.ts';
import { ApiUnderTest } from '../http/in-memory/api-under-test.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly questions: readonly string[];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A person watches and answers this. */
  readonly answer?: string;
  /** What stands on standard input. */
  readonly input?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly local?: Partial<LocalOperations>;
  readonly signal?: AbortSignal;
  /** Told everything that is written, as it is written. */
  readonly onWrite?: (text: string) => void;
}

/** The CLI's `main` against the real HTTP server over in-memory commands, logged in as the owner by environment. */
export class CliUnderTest implements AsyncDisposable {
  readonly api: ApiUnderTest;
  readonly directory: string;

  private constructor(api: ApiUnderTest, directory: string) {
    this.api = api;
    this.directory = directory;
  }

  static async start(): Promise<CliUnderTest> {
    const directory = await mkdtemp('/tmp/cutover-test-cli-');
    return new CliUnderTest(await ApiUnderTest.start(), directory);
  }

  get configFile(): string {
    return join(this.directory, 'config', 'config.json');
  }

  /** As the owner. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
    const login = { CUTOVER_URL: this.api.url, CUTOVER_TOKEN: this.api.owner };
    return this.runBare(args, { ...options, env: { ...login, ...options.env } });
  }

  /** Without a login. */
  async runBare(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
    const env = { CUTOVER_CONFIG_DIR: join(this.directory, 'config'), ...options.env };
    return runMain(args, { ...options, env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true });
  }
}

export async function runMain(args: readonly string[], options: RunOptions): Promise<CliResult> {
  const interactive = options.answer !== undefined;
  const stdout = new Recording(interactive, options.onWrite);
  const stderr = new Recording(interactive, options.onWrite);
  const questions: string[] = [];
  const code = await main({
    args,
    version: '0.1.0',
    loadLocal: async () => ({ ...refusing, ...options.local }),
    terminal: {
      stdout,
      stderr,
      interactive,
      env: options.env ?? {},
      fetch: options.fetch ?? fetch,
      signal: options.signal ?? new AbortController().signal,
      readInput: async () => options.input ?? '',
      input: () => Readable.from([Buffer.from(options.input ?? '')]),
      ask: async (question) => {
        questions.push(question);
        return options.answer ?? '';
      },
    },
  });
  return { code, stdout: stdout.text, stderr: stderr.text, questions };
}

class Recording implements Output {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = '';
  readonly #onWrite: (text: string) => void;

  constructor(isTTY: boolean, onWrite: (text: string) => void = () => undefined) {
    this.isTTY = isTTY;
    this.#onWrite = onWrite;
  }

  write(text: string): void {
    this.text += text;
    this.#onWrite(text);
  }
}

async function refuse(): Promise<never> {
  throw new Error('this test does not expect the machine to be touched');
}

const refusing: LocalOperations = {
  startServer: refuse,
  stopServer: refuse,
  serverStatus: refuse,
  doctor: refuse,
  examineAppConfig: refuse,
  planBuild: refuse,
  buildBaseImages: refuse,
  createBackup: refuse,
  verifyBackup: refuse,
  restoreBackup: refuse,
};
