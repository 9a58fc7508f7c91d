import type { IncomingMessage } from 'node:http';
import { messageOf } from './docker-api.ts';
import { z } from 'zod';
import { decodeTrace, type Status } from './trace.ts';

const message = z.record(z.string(), z.unknown());

export type BuildResult =
  | { readonly imageId: string }
  /** What BuildKit said. */
  | { readonly imageId: null; readonly message: string };

/** Reads the engine's answer to its end: one JSON object per line, of which the trace messages carry BuildKit's own format. */
export async function readBuildResult(
  response: IncomingMessage,
  onStatus: (status: Status) => void,
): Promise<BuildResult> {
  let imageId: string | null = null;
  let failure: string | null = response.statusCode === 200 ? null : `Docker Engine answered ${response.statusCode}`;
  for await (const line of jsonLines(response)) {
    if (response.statusCode !== 200) failure = messageOf(line);
    else if (typeof line['error'] === 'string') failure = line['error'];
    else if (line['id'] === 'moby.buildkit.trace') onStatus(decodeTrace(String(line['aux'])));
    else if (line['id'] === 'moby.image.id') imageId = idOf(line['aux']) ?? imageId;
  }
  if (failure !== null) return { imageId: null, message: failure };
  return imageId === null ? { imageId: null, message: 'the build ended without an image' } : { imageId };
}

function idOf(aux: unknown): string | null {
  return typeof aux === 'object' && aux !== null && 'ID' in aux ? String(aux.ID) : null;
}

async function* jsonLines(response: IncomingMessage): AsyncIterable<Record<string, unknown>> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield message.parse(JSON.parse(line));
  }
  if (rest.trim() !== '') yield message.parse(JSON.parse(rest));
}
