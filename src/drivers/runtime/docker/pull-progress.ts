import { z } from 'zod';
import { CutoverError } from '../../../domain/errors.ts';
import { EngineRefusal } from './engine-connection.ts';

/** Without a word for so long the pull has come to a halt: the registry does not send any more. */
const silenceMs = 120_000;
const longestLine = 100_000;

const eventSchema = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
});
type PullEvent = z.output<typeof eventSchema>;

/** Reads to the end what the engine tells of a pull; each layer is told of when it changes, not with every byte. */
export async function readPullProgress(
  stream: AsyncIterable<Uint8Array>,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const said = new Map<string, string>();
  for await (const event of eventsOf(stream, signal)) {
    if (event.error !== undefined) throw new EngineRefusal('pull an image', 500, { said: event.error, cause: event });
    const { id = '', status = '' } = event;
    // Those come many times a second.
    if (status === '' || status === 'Downloading' || status === 'Extracting' || said.get(id) === status) continue;
    said.set(id, status);
    onLine(id === '' ? status : `${id}: ${status}`);
  }
}

async function* eventsOf(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<PullEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of untilSilent(stream, signal)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine)
      throw new CutoverError('runtime_unavailable', 'Docker Engine tells a pull in a line without an end');
    for (const line of lines) if (line.trim() !== '') yield eventSchema.parse(JSON.parse(line));
  }
}

async function* untilSilent(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  for (;;) {
    const silent = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => silent.reject(new CutoverError('registry_unreachable', `the pull has not moved for ${silenceMs / 1000} s`)),
      silenceMs,
    );
    const onAbort = () => silent.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const next = await Promise.race([iterator.next(), silent.promise]);
      if (next.done === true) return;
      yield next.value;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
