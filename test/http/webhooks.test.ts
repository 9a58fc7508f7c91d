import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryListSchema, webhookAnswerSchema, webhookSchema } from '../../src/contract/schemas/webhook.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

const path = '/api/projects/my-app/webhook';

async function madeHook(api: ApiUnderTest) {
  return webhookSchema.parse(await (await api.request('PUT', path, { body: {} })).json());
}

/** Without a token: who knows the secret is let in. */
function deliver(
  api: ApiUnderTest,
  address: string,
  init: RequestInit & { readonly duplex?: 'half' },
): Promise<Response> {
  return fetch(`${api.url}${address}`, { method: 'POST', signal: AbortSignal.timeout(20_000), ...init });
}

test('a webhook is made once, has an address for each provider, and is removed', async () => {
  await using api = await ApiUnderTest.start();
  assert.deepEqual(await (await api.request('GET', path)).json(), { webhook: null });
  const hook = await madeHook(api);
  assert.deepEqual(Object.keys(hook.paths), ['github', 'gitlab', 'gitea', 'bitbucket']);
  assert.equal(hook.paths.gitea, '/api/webhooks/gitea/hook-1');
  assert.deepEqual(webhookAnswerSchema.parse(await (await api.request('GET', path)).json()), { webhook: hook });
  assert.equal((await api.request('DELETE', path)).status, 204);
  const platform = await api.request('PUT', '/api/platform-webhooks/gitlab', { body: {} });
  assert.deepEqual(Object.keys(webhookSchema.parse(await platform.json()).paths), ['gitlab']);
  assert.equal((await api.request('PUT', '/api/platform-webhooks/sourceforge', { body: {} })).status, 400);
});

test('section 10: a delivery needs no token but the secret, and is taken as the bytes that it is', async () => {
  await using api = await ApiUnderTest.start();
  const { paths, secret } = await madeHook(api);
  const address = paths.github ?? '';
  const body = Uint8Array.from({ length: 2_000_000 }, (_, n) => n % 256);
  const taken = await deliver(api, address, { body, headers: { 'x-secret': secret } });
  assert.equal(taken.status, 202);
  assert.equal(((await taken.json()) as { reason: string }).reason, '2000000 bytes');
  const forged = await deliver(api, address, { body, headers: { 'x-secret': 'guessed' } });
  assert.equal(forged.status, 401);
  assert.equal(((await forged.json()) as { code: string }).code, 'webhook_signature_invalid');
  // What nobody reads is not waited for either: a large one is cut off.
  assert.equal((await deliver(api, `${address}x`, { body: '{}' })).status, 404);
  assert.equal((await deliver(api, '/api/webhooks/sourceforge/hook-1', { body: '{}' })).status, 400);
});

test('section 10: a delivery larger than 25 MiB is refused, also one that does not say how long it is', async () => {
  await using api = await ApiUnderTest.start();
  const { paths, secret } = await madeHook(api);
  const headers = { 'x-secret': secret };
  const large = await deliver(api, paths.github ?? '', { body: new Uint8Array(25 * 1024 ** 2 + 1), headers });
  assert.equal(large.status, 413);
  const chunk = new Uint8Array(1024 ** 2);
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  // Refused while it is sent: the sender may find the connection closed before it sees why.
  const status = await deliver(api, paths.github ?? '', { body: endless, duplex: 'half', headers }).then(
    (answer) => answer.status,
    () => 413,
  );
  assert.equal(status, 413);
  assert.equal((await api.request('GET', path)).status, 200, 'and the server goes on');
});

test('section 10: no more bodies are taken at a time than there is room for, and none that comes too slowly', async () => {
  await using api = await ApiUnderTest.start({ rawBodies: { mostBytes: 1_500_000, timeoutMs: 1_000 } });
  const { paths, secret } = await madeHook(api);
  const address = paths.github ?? '';
  const headers = { 'x-secret': secret };
  const chunk = new Uint8Array(1_000_000);
  // Whoever of two comes first holds the room: one that comes second begins again.
  const stall = () => {
    const slow = new ReadableStream({ start: (controller) => controller.enqueue(chunk) });
    const answer = deliver(api, address, { body: slow, duplex: 'half', headers });
    const seen = { refused: false, answer };
    answer.then(
      ({ status }) => (seen.refused = status === 503),
      () => (seen.refused = true),
    );
    return seen;
  };
  const busy = async () => {
    const answer = await deliver(api, address, { body: chunk, headers });
    return [answer.status, answer.headers.get('retry-after')];
  };
  let stalled = stall();
  let answer = await busy();
  for (let attempt = 0; answer[0] === 202 && attempt < 200; attempt += 1) {
    if (stalled.refused) stalled = stall();
    answer = await busy();
  }
  assert.deepEqual(answer, [503, '10']);
  assert.equal((await deliver(api, address, { body: new Uint8Array(400_000), headers })).status, 202);
  assert.equal((await stalled.answer).status, 408);
  for (let n = 0; n < 3; n++) assert.equal((await busy())[0], 202, 'what was held is let go of');
});

test('deliveries are listed by page with what followed, shown one by one, and delivered again', async () => {
  await using api = await ApiUnderTest.start();
  const base = '/api/projects/my-app/webhook-deliveries';
  const first = deliveryListSchema.parse(await (await api.request('GET', `${base}?limit=1`)).json());
  assert.deepEqual([first.deliveries[0]?.state, first.nextBefore], ['processed', 2]);
  const second = deliveryListSchema.parse(await (await api.request('GET', `${base}?limit=1&before=2`)).json());
  assert.equal(second.deliveries[0]?.state, 'refused');
  const [processed, refused] = [first.deliveries[0]?.id, second.deliveries[0]?.id];
  assert.equal((await api.request('GET', `${base}/${processed}`)).status, 200);
  assert.equal((await api.request('GET', `${base}/not-an-id`)).status, 400);
  assert.equal((await api.request('POST', `${base}/${processed}/redeliver`)).status, 202);
  assert.equal((await api.request('POST', `${base}/${refused}/redeliver`)).status, 409);
  const viewer = api.platform.token('viewer', 'viewer', 'my-app');
  assert.equal((await api.request('GET', base, { token: viewer })).status, 200);
  assert.equal((await api.request('POST', `${base}/${processed}/redeliver`, { token: viewer })).status, 403);
  assert.equal((await api.request('GET', path, { token: viewer })).status, 403, 'the secret is none of its business');
  const developer = api.platform.token('developer', 'developer');
  assert.equal((await api.request('GET', '/api/webhook-deliveries', { token: developer })).status, 403);
  assert.equal((await api.request('GET', '/api/webhook-deliveries')).status, 200);
});
