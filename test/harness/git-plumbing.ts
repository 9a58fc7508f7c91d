import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface TreeEntry {
  /** `100644`, `100755`, `120000`, `160000` (a submodule) or `040000`. */
  readonly mode: string;
  readonly id: string;
  /** Whatever Git can store, also what it would not write itself. */
  readonly name: string;
}

const identity = {
  GIT_AUTHOR_NAME: 'Test Author',
  GIT_AUTHOR_EMAIL: 'author@example.com',
  GIT_COMMITTER_NAME: 'Test Author',
  GIT_COMMITTER_EMAIL: 'author@example.com',
};

/** Makes objects in a bare repository that no work tree could be committed to. */
export function plumbing(path: string) {
  const git = (args: readonly string[], input: string | Buffer = '') => runGit(path, args, input);
  const blob = (content: string | Buffer) => git(['hash-object', '-w', '--stdin'], content);
  /** Sorted as Git wants it; nothing else is checked. */
  const tree = (entries: readonly TreeEntry[]) => {
    const sorted = entries.toSorted((a, b) => (sortName(a) < sortName(b) ? -1 : 1));
    const records = sorted.map(({ mode, id, name }) =>
      Buffer.concat([Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`), Buffer.from(id, 'hex')]),
    );
    return git(['hash-object', '-t', 'tree', '-w', '--stdin', '--literally'], Buffer.concat(records));
  };
  /** A commit without parents, as the head of a branch. */
  const commit = async (treeId: string, branch = 'main') => {
    const id = await git(['commit-tree', '-m', 'made by hand', treeId]);
    await git(['update-ref', `refs/heads/${branch}`, id]);
    return id;
  };
  return { git, blob, tree, commit };
}

function sortName({ mode, name }: TreeEntry): string {
  return mode === '040000' ? `${name}/` : name;
}

async function runGit(cwd: string, args: readonly string[], input: string | Buffer): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', ...identity };
  const child = spawn('git', args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  // What reads nothing may be over before anything is written to it.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [output, said, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${said}`);
  return output.trim();
}
