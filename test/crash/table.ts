import { parseCase } from './crash-case.ts';
import type { CrashResult } from './crash-run.ts';

interface Row {
  cases: number;
  reached: number;
  requests: number;
  failed: number;
  slowestMs: number;
  wrong: number;
}

/** Markdown: a line for every call of every scenario, with all its occurrences, before and after; pairs have a line for each scenario. */
export function table(results: readonly CrashResult[]): string {
  const rows = new Map<string, Row>();
  for (const result of results) {
    const { scenario, point, second } = parseCase(result.name);
    const call = second === null ? `\`${point.split(':')[0]}\`` : 'a second crash during recovery';
    const row = rows.get(`${scenario} | ${call}`) ?? noRow();
    rows.set(`${scenario} | ${call}`, add(row, result));
  }
  const lines = [...rows].map(([name, row]) => line(name, row));
  const all = results.reduce(add, noRow());
  return [head, ...lines, line('**all** |', all)].join('\n');
}

const head = `| scenario | killed before and after | cases | reached | requests | failed | slowest recovery | wrong |
|---|---|---|---|---|---|---|---|`;

function line(name: string, { cases, reached, requests, failed, slowestMs, wrong }: Row): string {
  const seconds = (slowestMs / 1_000).toFixed(1);
  return `| ${name} | ${cases} | ${reached} | ${requests.toLocaleString('en')} | ${failed} | ${seconds} s | ${wrong} |`;
}

function noRow(): Row {
  return { cases: 0, reached: 0, requests: 0, failed: 0, slowestMs: 0, wrong: 0 };
}

function add(row: Row, { reached, requests, failed, recoveryMs, problems }: CrashResult): Row {
  return {
    cases: row.cases + 1,
    reached: row.reached + (reached ? 1 : 0),
    requests: row.requests + requests,
    failed: row.failed + failed,
    slowestMs: Math.max(row.slowestMs, recoveryMs ?? 0),
    wrong: row.wrong + (problems.length > 0 ? 1 : 0),
  };
}
