import protobuf from 'protobufjs';
import { z } from 'zod';

/** The parts of BuildKit's `moby.buildkit.v1.StatusResponse` that are shown. Times in epoch milliseconds. */
export interface Status {
  readonly vertexes: readonly Vertex[];
  readonly logs: readonly VertexLog[];
}

export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly cached: boolean;
  readonly started: number | null;
  readonly completed: number | null;
  /** '' while there is none. */
  readonly error: string;
}

export interface VertexLog {
  readonly vertex: string;
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

const schema = protobuf.parse(`
  syntax = "proto3";
  package moby.buildkit.v1;
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Vertex {
    string digest = 1; repeated string inputs = 2; string name = 3; bool cached = 4;
    Timestamp started = 5; Timestamp completed = 6; string error = 7;
  }
  message VertexLog { string vertex = 1; Timestamp timestamp = 2; int64 stream = 3; bytes msg = 4; }
  message StatusResponse { repeated Vertex vertexes = 1; repeated VertexLog logs = 3; }
`);
const statusResponse = schema.root.lookupType('moby.buildkit.v1.StatusResponse');

const wireTime = z
  .object({ seconds: z.number(), nanos: z.number() })
  .nullable()
  .transform((time) => (time === null ? null : time.seconds * 1000 + time.nanos / 1e6));
const wireStatus = z.object({
  vertexes: z.array(
    z.object({
      digest: z.string(),
      name: z.string(),
      cached: z.boolean(),
      started: wireTime,
      completed: wireTime,
      error: z.string(),
    }),
  ),
  logs: z.array(z.object({ vertex: z.string(), stream: z.number(), msg: z.instanceof(Uint8Array) })),
});

/** `encoded` is the base64 text of a `moby.buildkit.trace` message. */
export function decodeTrace(encoded: string): Status {
  const message = statusResponse.decode(Buffer.from(encoded, 'base64'));
  const wire = wireStatus.parse(statusResponse.toObject(message, { arrays: true, defaults: true, longs: Number }));
  const logs = wire.logs.map(({ vertex, stream, msg }) => ({ vertex, stream: streamOf(stream), bytes: msg }));
  return { vertexes: wire.vertexes, logs };
}

function streamOf(number: number): VertexLog['stream'] {
  return number === 2 ? 'stderr' : 'stdout';
}
