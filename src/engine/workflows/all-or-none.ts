type Work = (signal: AbortSignal) => Promise<unknown>;

/**
 * Does several things side by side. When one fails the others are aborted, and only when all have come to an end is the first
 * failure thrown: nothing goes on behind the back of whoever cleans up.
 */
export async function allOrNone(signal: AbortSignal, works: readonly Work[]): Promise<void> {
  const first = new AbortController();
  const either = AbortSignal.any([signal, first.signal]);
  const failures: unknown[] = [];
  await Promise.all(
    works.map(async (work) => {
      try {
        await work(either);
      } catch (error) {
        failures.push(error);
        first.abort(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
