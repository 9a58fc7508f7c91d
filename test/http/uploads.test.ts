import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiClient } from '../../src/cli/client/api-client.ts';
import { endpoints } from '../../src/contract/endpoints.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

const never = new AbortController().signal;

function clientOf(api: ApiUnderTest, token = api.owner): ApiClient {
  return new ApiClient({ url: api.url, token, fetch, signal: never, onInterruption: () => {} });
}

async function* bytes(count: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(65_536, 'x');
  for (let sent = 0; sent < count; sent += chunk.length) yield chunk;
}

function send(client: ApiClient, environment: string, count: number, idempotencyKey?: string) {
  return client.call(endpoints.deploy.imageUpload, {
    params: { project: 'my-app' },
    query: { environment, filename: 'image.tar' },
    upload: bytes(count),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
}

test('rule 2.3: what is sent arrives as it is, however large it is for a body of JSON, and is answered with the deployment', async () => {
  await using api = await ApiUnderTest.start();
  const deployment = await send(clientOf(api), 'production', 20e6, 'k1');
  assert.ok(deployment.source.kind === 'image-upload');
  assert.equal(deployment.source.upload.sizeBytes, Math.ceil(20e6 / 65_536) * 65_536);
  assert.equal((await send(clientOf(api), 'production', 20e6, 'k1')).id, deployment.id);
  await assert.rejects(send(clientOf(api), 'production', 1, 'k1'), { code: 'idempotency_mismatch' });
});

test('rule 9.1: the OpenAPI document says that bytes are sent', async () => {
  await using api = await ApiUnderTest.start();
  const document = (await (await fetch(`${api.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { requestBody?: { content: object } }>>;
  };
  for (const name of ['image-upload', 'static']) {
    const body = document.paths[`/api/projects/{project}/deploy/${name}`]?.['post']?.requestBody;
    assert.deepEqual(Object.keys(body?.content ?? {}), ['application/octet-stream']);
  }
});

test('an upload that is refused before it is read says why, and does not end the server', async () => {
  await using api = await ApiUnderTest.start();
  for (let round = 0; round < 5; round += 1) {
    await assert.rejects(send(clientOf(api), 'nowhere', 64e6), { code: 'not_found' });
    await assert.rejects(send(clientOf(api, 'no-token'), 'production', 64e6), { code: 'unauthenticated' });
  }
  assert.equal((await send(clientOf(api), 'production', 10)).number, 1);
});

test('an upload whose token is revoked before its last byte is refused, and nothing is deployed', async () => {
  await using api = await ApiUnderTest.start();
  const token = api.platform.token('ci', 'owner');
  const reading = Promise.withResolvers<void>();
  const environment = api.platform.environment.bind(api.platform);
  api.platform.environment = (...given) => {
    reading.resolve();
    return environment(...given);
  };
  async function* revoking() {
    yield* bytes(1e6);
    await reading.promise;
    api.platform.tokens.splice(
      api.platform.tokens.findIndex(({ secret }) => secret === token),
      1,
    );
    yield* bytes(1e6);
  }
  const upload = clientOf(api, token).call(endpoints.deploy.imageUpload, {
    params: { project: 'my-app' },
    query: { environment: 'production', filename: 'image.tar' },
    upload: revoking(),
  });
  await assert.rejects(upload, { code: 'unauthenticated' });
  assert.equal(api.platform.projects.get('my-app')?.deployments.length, 0);
});
