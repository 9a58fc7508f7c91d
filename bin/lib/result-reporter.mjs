import { inspect } from 'node:util';

/**
 * A reporter for node:test that writes each test that failed by itself (its names from the outermost, its file and line, and the error), and
 * one line at the end: passed, failed, skipped. Cancelled counts as failed, to do as skipped.
 */
export default async function* resultReporter(events) {
  const names = new Map();
  for await (const { type, data } of events) {
    if (type === 'test:start') {
      const open = names.get(data.file) ?? [];
      names.set(data.file, [...open.slice(0, data.nesting), data.name]);
    }
    if (type === 'test:summary' && data.file === undefined) {
      const { passed, failed, cancelled, skipped, todo } = data.counts;
      yield `${passed} ${failed + cancelled} ${skipped + todo}\n`;
    }
    // A suite fails with what is in it.
    if (type !== 'test:fail' || data.details?.error?.failureType === 'subtestsFailed') continue;
    const outer = (names.get(data.file) ?? []).slice(0, data.nesting);
    const error = data.details?.error?.cause ?? data.details?.error;
    yield `✖ ${[...outer, data.name].join(' > ')}\n  ${data.file}:${data.line}\n${indented(error)}\n`;
  }
}

function indented(error) {
  const text = typeof error === 'string' ? error : inspect(error, { depth: 3 });
  return text.replaceAll(/^/gm, '  ').slice(0, 6000);
}
