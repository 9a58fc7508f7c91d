/** A reporter for node:test that writes one line at the end: passed, failed, skipped. Cancelled counts as failed, to do as skipped. */
export default async function* countReporter(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:summary' || data.file !== undefined) continue;
    const { passed, failed, cancelled, skipped, todo } = data.counts;
    yield `${passed} ${failed + cancelled} ${skipped + todo}\n`;
  }
}
