import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parseInstructions } from '../../../src/drivers/build/planner/dockerfile-instructions.ts';
import { writeFiles } from '../../harness/sample-apps.ts';
import { planOf, temporaryDirectory } from './fixture.ts';
import { frameworks } from './layouts/frameworks.ts';
import { servers } from './layouts/servers.ts';

const goldens = new URL('golden/', import.meta.url);
const run = promisify(execFile);

/** What a shell is given by the RUN instructions of a Dockerfile; lists that are no shell's are left out. */
function shellLines(dockerfile: string): readonly string[] {
  return parseInstructions(dockerfile)
    .filter(({ name }) => name === 'RUN')
    .map(({ rest }) => (rest.startsWith('[') ? shellOf(JSON.parse(rest) as string[]) : rest))
    .filter((line) => line !== null);
}

function shellOf([program, option, line]: readonly string[]): string | null {
  return program === 'sh' && option === '-c' ? (line ?? null) : null;
}

async function syntaxErrors(script: string): Promise<string> {
  const shell = spawn('sh', ['-n'], { stdio: ['pipe', 'ignore', 'pipe'] });
  shell.stdin.end(script);
  const chunks = await shell.stderr.toArray();
  return Buffer.concat(chunks as Buffer[]).toString();
}

/** The script of a layout that gathers Next's output, with the directories of the image below `directory`. */
async function gather(t: TestContext, layout: string, directory: string) {
  const { files, settings } = frameworks[layout] ?? assert.fail();
  const { dockerfile } = await planOf(t, files, settings);
  const line = shellLines(dockerfile ?? '').find((text) => text.includes('standalone')) ?? assert.fail('no script');
  return line
    .replaceAll(' /standalone', ` ${directory}/out`)
    .replaceAll('cd /app', 'true')
    .replaceAll('/app ', `${directory}/app `);
}

describe('the scripts in the Dockerfiles', () => {
  it('are shell that a POSIX shell can read', async () => {
    for (const name of await readdir(goldens)) {
      const lines = shellLines(await readFile(new URL(name, goldens), 'utf8'));
      assert.equal(await syntaxErrors(`${lines.join('\n')}\n`), '', name);
    }
  });

  it('reduce every manifest of a workspace to what decides the install', async (t) => {
    const layout = servers['workspace-npm'] ?? assert.fail();
    const { dockerfile } = await planOf(t, layout.files, layout.settings);
    const line = /^RUN (\["node".*\])$/m.exec(dockerfile ?? '')?.[1] ?? assert.fail('no script');
    const [, ...args] = JSON.parse(line) as string[];
    const directory = await temporaryDirectory(t);
    const server = {
      name: 'server',
      version: '1.0.0',
      scripts: { start: 'x' },
      description: 'd',
      dependencies: { a: '1' },
    };
    await writeFiles(directory, { ...layout.files, 'server/package.json': `\uFEFF${JSON.stringify(server)}` });
    await run('node', args, { cwd: directory });
    const reduced: unknown = JSON.parse(await readFile(join(directory, 'server/package.json'), 'utf8'));
    assert.deepEqual(reduced, { name: 'server', version: '1.0.0', dependencies: { a: '1' } });
    const root: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    assert.deepEqual(root, { name: 'root', workspaces: ['packages/*', 'server'] });
  });

  it("put Next's server together with its static and public files, in a workspace too", async (t) => {
    const directory = await temporaryDirectory(t);
    const app = join(directory, 'app/apps/web');
    await writeFiles(app, {
      '.next/standalone/apps/web/server.js': '',
      '.next/standalone/node_modules/next/package.json': {},
      '.next/standalone/apps/web/.next/BUILD_ID': '',
      '.next/static/chunk.js': '',
      'public/robots.txt': '',
    });
    await run('sh', ['-c', await gather(t, 'nextjs-workspace-turbo', directory)], { cwd: app });
    const out = await readdir(join(directory, 'out'), { recursive: true });
    const wanted = ['server.js', '.next/BUILD_ID', '.next/static/chunk.js', 'public/robots.txt'];
    for (const name of [...wanted.map((file) => `apps/web/${file}`), 'node_modules/next/package.json'])
      assert.ok(out.includes(name), `${name} in ${out.join(', ')}`);
  });

  it('keep all of an app for which Next made no standalone server, unless the configuration promised one', async (t) => {
    const directory = await temporaryDirectory(t);
    const app = join(directory, 'app');
    await mkdir(app);
    await writeFiles(app, { '.next/cache/x': '', 'package.json': {}, 'next.config.mjs': '' });
    const open = (await gather(t, 'nextjs-standalone-left-open', directory)).replace('npm prune', 'true');
    const { stderr } = await run('sh', ['-c', open], { cwd: app });
    assert.match(stderr, /all packages are kept/);
    assert.deepEqual((await readdir(join(directory, 'out'))).toSorted(), ['.next', 'next.config.mjs', 'package.json']);
    assert.deepEqual(await readdir(join(directory, 'out/.next')), []);
    const said = await gather(t, 'nextjs-standalone-said', directory);
    await assert.rejects(run('sh', ['-c', said], { cwd: app }), /the build left no \.next\/standalone\/server\.js/);
  });
});
