import protobuf from 'protobufjs';
import { z } from 'zod';

const schema = protobuf.parse(
  `
  syntax = "proto3";
  message GetSecretRequest { string ID = 1; map<string, string> annotations = 2; }
  message GetSecretResponse { bytes data = 1; }
  message HealthCheckResponse { int32 status = 1; }
`,
  { keepCase: true },
);
const secretRequest = schema.root.lookupType('GetSecretRequest');
const secretResponse = schema.root.lookupType('GetSecretResponse');
const healthResponse = schema.root.lookupType('HealthCheckResponse');
const serving = 1;

/** Id of the secret that `moby.buildkit.secrets.v1.GetSecretRequest` asks for. */
export function decodeSecretRequest(bytes: Uint8Array): string {
  return z.object({ ID: z.string() }).parse(secretRequest.toObject(secretRequest.decode(bytes), { defaults: true })).ID;
}

export function encodeSecret(value: string): Uint8Array {
  return secretResponse.encode({ data: Buffer.from(value) }).finish();
}

/** `grpc.health.v1.HealthCheckResponse` of somebody who is well. */
export function encodeServing(): Uint8Array {
  return healthResponse.encode({ status: serving }).finish();
}
