import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { providerKinds, type ProviderKind } from '../../src/domain/provider.ts';
import { addressRule } from '../../src/drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../../src/drivers/outgoing/outgoing-fetch.ts';
import { createProviders } from '../../src/drivers/provider/open-provider.ts';
import { ProviderError } from '../../src/engine/ports/provider.ts';

const signal = () => AbortSignal.timeout(30_000);
const fetch = outgoingFetch(addressRule(['127.0.0.0/8']));

/** Somebody who calls himself a provider. */
async function pretender(kind: ProviderKind, answer: RequestListener) {
  const seen: { readonly method: string; readonly authorization: string }[] = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', authorization: JSON.stringify(request.headers) });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  return {
    apiUrl,
    seen,
    provider: createProviders(fetch)({ kind, apiUrl, repository: 'acme/shop', token: 'secret-token' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One item a page, and always one more page. */
function page(kind: ProviderKind, next: string, item: unknown) {
  const body = kind === 'bitbucket' ? { values: [item], next } : [item];
  return { headers: { 'content-type': 'application/json', link: `<${next}>; rel="next"` }, body: JSON.stringify(body) };
}

const somebody = (text: string) => ({ id: 1, body: text, content: { raw: text } });
const marker = '<!-- cutover:preview:1 -->';
const comment = { kind: 'comment', pullRequest: 7, marker, body: `${marker}\nis live` } as const;

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof ProviderError, String(error));
  return error;
}

for (const kind of providerKinds)
  describe(`a provider that is not what it says it is, ${kind}`, () => {
    test('pages without end come to an end, and no comment is written because ours was not found among them', async () => {
      await using hostile = await pretender(kind, (request, response) => {
        const { headers, body } = page(kind, `http://${request.headers.host}${request.url}`, somebody('hello'));
        response.writeHead(200, headers).end(body);
      });
      const error = await failure(hostile.provider.tell(comment, signal()));
      assert.equal(error.code, 'provider_refused');
      assert.ok(hostile.seen.length <= 100, `${hostile.seen.length} pages`);
      assert.ok(hostile.seen.every(({ method }) => method === 'GET'));
    });

    test('a next page elsewhere is not asked for, and nobody there is shown the token', async () => {
      await using other = await pretender(kind, (_, response) => void response.writeHead(200).end('[]'));
      await using hostile = await pretender(kind, (_, response) => {
        const { headers, body } = page(kind, `${other.apiUrl}/more`, somebody('hello'));
        response.writeHead(200, headers).end(body);
      });
      await failure(hostile.provider.tell(comment, signal()));
      assert.deepEqual(other.seen, []);
    });

    test('what is broken off ends at once, on a later page too', async () => {
      const ended = new AbortController();
      await using hostile = await pretender(kind, (request, response) => {
        // The second page is never answered.
        if (hostile.seen.length > 1) return ended.abort();
        const { headers, body } = page(kind, `http://${request.headers.host}${request.url}`, somebody('hello'));
        response.writeHead(200, headers).end(body);
      });
      const begun = performance.now();
      await assert.rejects(hostile.provider.tell(comment, ended.signal), { name: 'AbortError' });
      assert.ok(performance.now() - begun < 5_000);
    });

    test('so much is taken of all its answers, and no more', async () => {
      const large = 'x'.repeat(9_000_000);
      await using hostile = await pretender(kind, (request, response) => {
        const { headers, body } = page(kind, `http://${request.headers.host}${request.url}`, somebody(large));
        response.writeHead(200, headers).end(body);
      });
      const { message } = await failure(hostile.provider.tell(comment, signal()));
      assert.match(message, /larger|more than/);
      assert.ok(hostile.seen.length < 12, `${hostile.seen.length} pages of 9 MB`);
    });
  });

test('rule 10: internal addresses inside of those of a transition are internal, and so is what has a zone', () => {
  const isAllowed = addressRule([]);
  const internal = [
    '2002:7f00:1::1',
    '2002:a00:1::',
    '2002:c0a8:101::5',
    '2001:0:4136:e378:8000:63bf:80ff:fffe',
    '::ffff:0:10.0.0.1',
    '::ffff:0:7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a9fe:a9fe',
    'fe80::1%eth0',
    '::1%lo',
    '::FFFF:127.0.0.1',
    '100::1',
    '2001:db8::1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '255.255.255.255',
  ];
  for (const address of internal) assert.equal(isAllowed(address), false, address);
  for (const address of ['2606:50c0::1', '2001:4860:4860::8888', '140.82.112.5'])
    assert.equal(isAllowed(address), true, address);
});
