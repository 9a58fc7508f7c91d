import { endpoints } from '../contract/endpoints.ts';
import { CutoverError } from '../contract/errors.ts';
import { ApiClient } from './client/api-client.ts';
import { currentLogin } from './config.ts';
import type { LocalOperations } from './local-operations.ts';
import type { Terminal } from './terminal.ts';

export interface SessionOptions {
  readonly terminal: Terminal;
  /** Loaded only by the commands that touch the machine. */
  readonly loadLocal: () => Promise<LocalOperations>;
  readonly json: boolean;
}

/** One run of one command: how it speaks, and whom it asks. */
export class Session {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly local: () => Promise<LocalOperations>;

  constructor(options: SessionOptions) {
    this.terminal = options.terminal;
    this.json = options.json;
    this.local = options.loadLocal;
  }

  /** The result, on stdout: as JSON with --json, else as `text`. */
  show(value: unknown, text: string): void {
    const output = this.json ? JSON.stringify(value, null, 2) : text;
    if (output !== '') this.terminal.stdout.write(`${output}\n`);
  }

  /** Something worth knowing, on stderr. */
  say(text: string): void {
    this.terminal.stderr.write(`${text}\n`);
  }

  /** With the login in force. Error: `unauthenticated` where there is none, before anything is asked. */
  async client(): Promise<ApiClient> {
    const login = await currentLogin(this.terminal.env);
    if (login.token === null) throw new CutoverError('unauthenticated', 'nobody is logged in on this machine');
    return this.clientFor(login);
  }

  clientFor(login: { readonly url: string; readonly token: string | null }): ApiClient {
    const { fetch, signal } = this.terminal;
    return new ApiClient({ ...login, fetch, signal, onInterruption: (message) => this.say(message) });
  }

  /** The project that was named, else the only one there is. Error: `usage`. */
  async project(named: string | undefined): Promise<string> {
    if (named !== undefined) return named;
    const client = await this.client();
    const { project } = await client.call(endpoints.system.whoami, { params: {} });
    // There is no other for this token, and it may not be one that sees a list.
    if (project !== null) return project;
    const { projects } = await client.call(endpoints.projects.list, { params: {} });
    const names = projects.map(({ name }) => name);
    const [only] = names;
    if (only !== undefined && names.length === 1) return only;
    const hint = only === undefined ? 'there is none yet' : `there are ${names.join(', ')}`;
    throw new CutoverError('usage', `name the project with -p (${hint})`);
  }

  /** Asks before something that cannot be taken back, unless `yes`. Errors: `not_confirmed`, `usage` without a terminal. */
  async confirm(question: string, yes: boolean): Promise<void> {
    if (yes) return;
    if (!this.terminal.interactive)
      throw new CutoverError('usage', 'there is no terminal to ask on; add -y to confirm');
    const answer = await this.terminal.ask(`${question} [y/N] `, { hidden: false });
    if (!/^y(es)?$/i.test(answer.trim())) throw new CutoverError('not_confirmed', 'nothing was changed');
  }
}
