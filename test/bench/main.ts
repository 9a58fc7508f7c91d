/** `bin/bench <name> [--json] [--quick|--full] [--only <case,…>] [--seed <text>]`: runs one benchmark; exits 0 only if every figure meets its bar, 2 on a usage error. */
import { parseArgs } from 'node:util';
import type { Bench, Figure } from './figure.ts';

const names = [
  'deploys',
  'overhead',
  'router',
  'idle',
  'evidence',
  'rollback',
  'crash',
  'simulate',
  'scale',
  'build',
  'webhooks',
  'previews',
  'wake',
  'static',
];

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    histories: { type: 'string' },
    from: { type: 'string' },
    all: { type: 'boolean', default: false },
    seed: { type: 'string' },
    points: { type: 'string' },
  },
  allowPositionals: true,
});
const name = positionals[0] ?? '';

if (positionals.length !== 1 || !names.includes(name)) {
  console.error(
    `usage: bin/bench <${names.join('|')}> [--json] [--quick|--full] [--only <case,…>] [--all] [--seed <text>] [--points <n>] [--histories <n>] [--from <n>]`,
  );
  process.exitCode = 2;
} else {
  const figures = await measure(name);
  console.log(values.json ? figures.map((figure) => JSON.stringify(figure)).join('\n') : table(figures));
  if (figures.length === 0 || figures.some((figure) => !figure.ok)) process.exitCode = 1;
}

async function measure(bench: string): Promise<readonly Figure[]> {
  const { run } = (await import(new URL(`${bench}.ts`, import.meta.url).href)) as { run: Bench };
  return run({
    quick: values.quick,
    full: values.full,
    all: values.all,
    ...(values.only === undefined ? {} : { only: values.only.split(',') }),
    ...(values.histories === undefined ? {} : { histories: Number(values.histories) }),
    ...(values.from === undefined ? {} : { from: Number(values.from) }),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
    ...(values.points === undefined ? {} : { points: Number(values.points) }),
    say: (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`),
  });
}

function table(figures: readonly Figure[]): string {
  const rows = [
    ['metric', 'value', 'unit', 'bar', ''],
    ...figures.map((one) => [one.metric, rounded(one.value), one.unit, one.bar, one.ok ? 'ok' : 'MISSED']),
  ];
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rounded(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en') : value.toPrecision(4);
}
