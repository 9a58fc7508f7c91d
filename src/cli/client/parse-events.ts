import { CutoverError } from '../../contract/errors.ts';

export interface ParsedEvent {
  readonly id: string | null;
  /** null: plain data. */
  readonly name: string | null;
  readonly data: unknown;
}

/** Server-sent events of a response. `heard` is called for every chunk, comments included. Rejects when the connection breaks. */
export async function* parseEvents(answer: Response, heard: () => void): AsyncGenerator<ParsedEvent> {
  if (answer.body === null) return;
  let rest = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    heard();
    const blocks = (rest + chunk).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== null) yield event;
    }
  }
}

function parseBlock(block: string): ParsedEvent | null {
  const fields = new Map<string, string>();
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? null, name: fields.get('event') ?? null, data: parseData(data) };
}

function parseData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CutoverError('internal', 'the server sent an event that is not JSON', { cause });
  }
}
