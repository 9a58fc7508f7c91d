import { errorCatalogue } from '../../src/domain/errors.ts';

/** The table of docs/errors.md: one row per code of the catalogue, in its order; problem documents link to the anchors. */
export function errorsTable(): string {
  const rows = Object.entries(errorCatalogue).map(([code, { kind, meaning, next }]) => [
    `<a id="${code}"></a>\`${code}\``,
    kind,
    meaning,
    next,
  ]);
  return [['code', 'kind', 'meaning', 'what to do next'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
