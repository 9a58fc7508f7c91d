import { randomUUID } from 'node:crypto';
import { performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { DockerApi } from './docker-api.ts';
import { answerCall, grpcStatus, type GrpcMethod } from './grpc.ts';
import { decodeSecretRequest, encodeSecret, encodeServing } from './session-messages.ts';

const getSecret = '/moby.buildkit.secrets.v1.Secrets/GetSecret';
const checkHealth = '/grpc.health.v1.Health/Check';

/** Id of a secret as a mount names it → its value. */
export type SecretValues = ReadonlyMap<string, string>;

/** What BuildKit asks back while it builds. It ends with the build, and nothing of it stays in the engine. */
export interface BuildSession extends AsyncDisposable {
  /** What the build names it by. */
  readonly id: string;
}

/**
 * A connection on which the engine is the client: BuildKit asks over it for each secret when a step mounts it, keeps it in memory for as
 * long as that step runs, and puts it neither into a layer nor into the cache. Errors: `runtime_unavailable`.
 */
export async function openSession(
  docker: DockerApi,
  secrets: SecretValues,
  signal: AbortSignal,
): Promise<BuildSession> {
  const id = randomUUID();
  const socket = await docker.upgrade({ path: '/session', protocol: 'h2c', headers: sessionHeaders(id), signal });
  const session = serve(socket, secretMethods(secrets));
  return {
    id,
    async [Symbol.asyncDispose]() {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      socket.once('close', resolve);
      session.destroy();
      socket.destroy();
      if (!socket.closed) await closed;
    },
  };
}

function sessionHeaders(id: string): Readonly<Record<string, string | readonly string[]>> {
  return {
    'x-docker-expose-session-uuid': id,
    'x-docker-expose-session-name': 'cutover',
    'x-docker-expose-session-sharedkey': id,
    'x-docker-expose-session-grpc-method': [getSecret, checkHealth],
  };
}

function secretMethods(secrets: SecretValues): ReadonlyMap<string, GrpcMethod> {
  return new Map<string, GrpcMethod>([
    [checkHealth, () => ({ status: grpcStatus.ok, message: encodeServing() })],
    [
      getSecret,
      (request) => {
        const id = decodeSecretRequest(request);
        const value = secrets.get(id);
        if (value !== undefined) return { status: grpcStatus.ok, message: encodeSecret(value) };
        return { status: grpcStatus.notFound, message: new Uint8Array(), reason: `there is no secret ${id}` };
      },
    ],
  ]);
}

/** A connection that breaks is the build's to tell: BuildKit then fails the step that wants a secret. */
function serve(socket: Duplex, methods: ReadonlyMap<string, GrpcMethod>): ServerHttp2Session {
  const session = performServerHandshake(socket);
  session.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy());
    answerCall(stream, String(headers[':path']), methods).catch((error: unknown) => {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  session.on('error', () => socket.destroy());
  socket.on('error', () => session.destroy());
  return session;
}
