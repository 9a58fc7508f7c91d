import type { ServerHttp2Stream } from 'node:http2';
import { CutoverError } from '../../../domain/errors.ts';

/** Status codes of gRPC that are answered here. */
export const grpcStatus = { ok: 0, invalidArgument: 3, notFound: 5, unimplemented: 12, internal: 13 } as const;

export interface GrpcAnswer {
  readonly status: (typeof grpcStatus)[keyof typeof grpcStatus];
  /** The encoded message; of an answer that is not `ok`, nothing. */
  readonly message: Uint8Array;
  readonly reason?: string;
}

/** One unary method: an encoded message in, an answer out. */
export type GrpcMethod = (request: Uint8Array) => GrpcAnswer;

/** A frame is a flag for compression (never used here), the length in 4 bytes, and the message. */
const frameHeadBytes = 5;
const longestRequest = 64 * 1024;

/** Answers one call of gRPC over HTTP/2. An unknown path is `unimplemented`. Rejects where the caller breaks off or sends nonsense. */
export async function answerCall(
  stream: ServerHttp2Stream,
  path: string,
  methods: ReadonlyMap<string, GrpcMethod>,
): Promise<void> {
  const method = methods.get(path);
  if (method === undefined) return reply(stream, { status: grpcStatus.unimplemented, message: new Uint8Array() });
  const request = await readFrame(stream);
  reply(stream, request === null ? malformed : method(request));
}

const malformed: GrpcAnswer = {
  status: grpcStatus.invalidArgument,
  message: new Uint8Array(),
  reason: 'not one whole, uncompressed message',
};

async function readFrame(stream: ServerHttp2Stream): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestRequest) throw new CutoverError('internal', 'a question of BuildKit is too long');
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length < frameHeadBytes || bytes[0] !== 0) return null;
  const message = bytes.subarray(frameHeadBytes);
  return message.length === bytes.readUInt32BE(1) ? message : null;
}

function reply(stream: ServerHttp2Stream, { status, message, reason = '' }: GrpcAnswer): void {
  const told = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(reason) };
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  if (status !== grpcStatus.ok) {
    stream.respond({ ...head, ...told }, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(told));
  const frameHead = Buffer.alloc(frameHeadBytes);
  frameHead.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frameHead, message]));
}
