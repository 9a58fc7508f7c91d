import { CutoverError } from '../../domain/errors.ts';

/** The same, until it pauses for longer than `quietMs`, breaks off, or is aborted. Error: `upload_interrupted`. */
export async function* unlessQuiet(
  bytes: AsyncIterable<Uint8Array>,
  quietMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(iterator.next(), quietMs, signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not waited for: one that hangs would hang here too.
    iterator.return?.()?.catch(() => undefined);
  }
}

async function within<T>(next: Promise<T>, quietMs: number, signal: AbortSignal): Promise<T> {
  const end = Promise.withResolvers<never>();
  const fail = (why: string, cause?: unknown) =>
    end.reject(new CutoverError('upload_interrupted', `what was sent stopped: ${why}`, { cause }));
  const timer = setTimeout(() => fail(`nothing came for ${quietMs / 1000} s`), quietMs);
  const onAbort = () => fail('whoever sent it went away', signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  next.catch((error: unknown) => fail('the connection broke', error));
  try {
    return await Promise.race([end.promise, next]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
