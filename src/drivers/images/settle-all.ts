/** Like `Promise.all`, but a failure is thrown only when nothing runs any more, so that cleaning up afterwards is final. */
export async function settleAll<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
