import { CutoverError } from '../../domain/errors.ts';

/** The same, until it pauses for longer than `quietMs`, breaks off, or is aborted. Errors: `upload_interrupted`; refusals of the bytes' own. */
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
  const fail = (why: string, cause?: unknown) => end.reject(interrupted(why, cause));
  const timer = setTimeout(() => fail(`nothing came for ${quietMs / 1000} s`), quietMs);
  const onAbort = () => fail('whoever sent it went away', signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([end.promise, next.catch(brokenOff)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function brokenOff(error: unknown): never {
  throw error instanceof CutoverError ? error : interrupted('the connection broke', error);
}

function interrupted(why: string, cause: unknown): CutoverError {
  return new CutoverError('upload_interrupted', `what was sent stopped: ${why}`, { cause });
}
