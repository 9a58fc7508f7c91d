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

const options = {
  help: { type: 'boolean', short: 'h', default: false },
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
  only: { type: 'string' },
  histories: { type: 'string' },
  from: { type: 'string' },
  all: { type: 'boolean', default: false },
  seed: { type: 'string' },
  points: { type: 'string' },
} as const;

const usage = `usage: bin/bench <${names.join('|')}> [--json] [--quick|--full] [--only <case,…>] [--all] [--seed <text>] [--points <n>] [--histories <n>] [--from <n>]`;

const given = parse();
if (typeof given === 'string') {
  console.error(`${given}; bin/bench --help lists them`);
  process.exitCode = 2;
} else if (given.values.help) {
  console.log(usage);
} else {
  const figures = await measure(given);
  console.log(given.values.json ? figures.map((figure) => JSON.stringify(figure)).join('\n') : table(figures));
  if (figures.length === 0 || figures.some((figure) => !figure.ok)) process.exitCode = 1;
}

/** What was asked for, or in one line what is wrong with it. */
function parse() {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [name, ...more] = positionals;
    if (values.help) return { name: '', values };
    if (name === undefined || more.length > 0) return 'name one benchmark';
    return names.includes(name) ? { name, values } : `there is no benchmark ${JSON.stringify(name)}`;
  } catch (error) {
    if (error instanceof TypeError) return error.message.split('\n', 1)[0]?.replace(/\. .*/, '') ?? '';
    throw error;
  }
}

async function measure({ name, values }: Exclude<ReturnType<typeof parse>, string>): Promise<readonly Figure[]> {
  const { run } = (await import(new URL(`${name}.ts`, import.meta.url).href)) as { run: Bench };
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
