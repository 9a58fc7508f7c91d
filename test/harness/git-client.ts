import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface GitResult {
  readonly code: number;
  /** What Git said, on both streams. */
  readonly said: string;
}

const limitMs = 120_000;

/** A work tree of a developer's own, and the real `git`. */
export class GitClient implements AsyncDisposable {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async init(files: Readonly<Record<string, string>>): Promise<GitClient> {
    const client = new GitClient(await mkdtemp('/tmp/cutover-test-client-'));
    await client.ok('init', '--quiet', '--initial-branch=main');
    await client.commit(files);
    return client;
  }

  /** Resolves to the id of the commit. */
  async commit(files: Readonly<Record<string, string>>, message = 'A change'): Promise<string> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.dir, path)), { recursive: true });
      await writeFile(join(this.dir, path), content);
    }
    await this.ok('add', '--all');
    await this.ok('commit', '--quiet', '--allow-empty', '--message', message);
    return this.head();
  }

  async head(): Promise<string> {
    return (await this.ok('rev-parse', 'HEAD')).trim();
  }

  async ok(...args: string[]): Promise<string> {
    const { code, said } = await this.run(args);
    if (code !== 0) throw new Error(`git ${args.join(' ')} ended with ${code}: ${said}`);
    return said;
  }

  run(args: readonly string[], signal?: AbortSignal): Promise<GitResult> {
    const options = { cwd: this.dir, env: environment, timeout: limitMs, ...(signal === undefined ? {} : { signal }) };
    return new Promise((resolve) => {
      execFile('git', args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ code, said: `${stdout}${stderr}` });
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

const person = { NAME: 'Test', EMAIL: 'test@example.invalid' };
const environment = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: person.NAME,
  GIT_AUTHOR_EMAIL: person.EMAIL,
  GIT_COMMITTER_NAME: person.NAME,
  GIT_COMMITTER_EMAIL: person.EMAIL,
};
