import { HttpError } from './failure.ts';
import type { RawRequest } from './handler.ts';

export interface RawBodyLimits {
  /** Of all bodies that are read or worked on at a time. */
  readonly mostBytes: number;
  readonly timeoutMs: number;
}

const usualLimits: RawBodyLimits = { mostBytes: 100_000_000, timeoutMs: 30_000 };

/** A request whose body counts among those that are under way until it is released. */
export interface HeldRequest extends RawRequest {
  readonly release: () => void;
}

interface Asked {
  readonly request: Request;
  readonly headers: RawRequest['headers'];
  readonly maxBytes: number;
}

/** Reads bodies as they are, and no more of them at a time than there is memory for, whoever sends them. */
export class RawBodies {
  readonly #limits: RawBodyLimits;
  #underWay = 0;

  constructor(limits: RawBodyLimits = usualLimits) {
    this.#limits = limits;
  }

  /** Nothing is read before it is asked for. Errors of the body: `invalid_input` (408, 413), `too_busy`. */
  open({ request, headers, maxBytes }: Asked): HeldRequest {
    let held = 0;
    const hold = (bytes: number) => {
      if (held + bytes > maxBytes) refuseLarge(maxBytes);
      if (this.#underWay + bytes > this.#limits.mostBytes)
        throw new HttpError(503, 'too_busy', 'as many bodies are read as there is room for');
      held += bytes;
      this.#underWay += bytes;
    };
    const body = async () => {
      if (Number(headers['content-length'] ?? 0) > maxBytes) refuseLarge(maxBytes);
      return readAll(request, hold, this.#limits.timeoutMs);
    };
    const release = () => {
      this.#underWay -= held;
      held = 0;
    };
    return { headers, body, release };
  }
}

function refuseLarge(maxBytes: number): never {
  throw new HttpError(413, 'invalid_input', `the body is larger than ${maxBytes} bytes`);
}

async function readAll(request: Request, hold: (bytes: number) => void, timeoutMs: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new HttpError(408, 'invalid_input', `the body did not arrive within ${timeoutMs / 1_000} s`)),
    timeoutMs,
  );
  const chunks: Uint8Array[] = [];
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return Buffer.concat(chunks);
      hold(value.length);
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
}
