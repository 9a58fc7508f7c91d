import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Command } from 'commander';
import { Cli } from '../../src/cli/cli.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { presets } from '../../src/domain/build-settings.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

const golden = new URL('golden/help.txt', import.meta.url);
const documentation = new URL('../../docs/cli.md', import.meta.url);

const silent = { write: () => undefined, isTTY: false, columns: 80 };
const terminal: Terminal = {
  stdout: silent,
  stderr: silent,
  interactive: false,
  env: {},
  fetch,
  signal: new AbortController().signal,
  readInput: async () => '',
  input: () => Readable.from([]),
  ask: async () => '',
};

function program(): Command {
  const cli = new Cli(terminal, () => Promise.reject(new Error('not expected')));
  return buildProgram(cli, terminal, '0.1.0');
}

/** Every command that does something, with its words. */
function leaves(command: Command, words: readonly string[] = []): { name: string; command: Command }[] {
  const path = words.length === 0 ? ['cutover'] : [...words];
  if (command.commands.length === 0) return [{ name: path.join(' '), command }];
  return command.commands.flatMap((inner) => leaves(inner, [...path, inner.name()]));
}

test('the help of every command is what it was (UPDATE_GOLDEN=1 writes it anew)', async () => {
  const all = [{ name: 'cutover', command: program() }, ...leaves(program())];
  const text = all.map(({ name, command }) => `### ${name} --help\n${command.helpInformation()}`).join('\n');
  if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(golden, text);
  assert.equal(text, await readFile(golden, 'utf8'));
});

test('rule 9.2: docs/cli.md has a section for every command, naming every option of it', async () => {
  const sections = (await readFile(documentation, 'utf8')).split(/^### /m);
  for (const { name, command } of leaves(program())) {
    const section =
      sections.find((candidate) => candidate.startsWith(`\`${name}`)) ?? assert.fail(`no section ${name}`);
    for (const option of command.options) {
      assert.ok(section.includes(option.long ?? '?'), `${name}: ${option.long} is not in docs/cli.md`);
    }
  }
});

test('docs/cli.md has no section for a command that does not exist', async () => {
  const text = await readFile(documentation, 'utf8');
  const known = leaves(program()).map(({ name }) => name);
  const described = [...text.matchAll(/^### `(cutover(?: [a-z][a-z-]*)*)/gm)].map(([, name]) => name ?? '');
  assert.equal(described.length, known.length);
  assert.deepEqual(new Set(described), new Set(known));
});

test('rule 3.1: docs/presets.md names every preset, and no other', async () => {
  const text = await readFile(new URL('../../docs/presets.md', import.meta.url), 'utf8');
  const named = [...text.matchAll(/^\|[^|]*\|[^|]*\| `([a-z]+)` \|/gm)].map(([, preset]) => preset ?? '');
  assert.deepEqual(new Set(['auto', ...named]), new Set<string>(presets));
});

test('rule 9.2: docs/cli.md lists every exit code, and no other', async () => {
  const text = await readFile(documentation, 'utf8');
  const listed = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(
    listed.toSorted((a, b) => a - b),
    Object.values(exitCodes).toSorted((a, b) => a - b),
  );
});
