import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { endingOf, parseOutcome } from '../../../src/drivers/router/haproxy/outcome-line.ts';

/** Lines of HAProxy 2.6.12, as it wrote them, and what they mean: server, status, ending, refused. */
const captured: readonly (readonly [string, string | null, number | null, string, boolean])[] = [
  ['req 1795321674260 slot0001 i1.1 200 -- 0 0 0 0 6 6 1 - - GET /plain', 'i1', 200, 'complete', false],
  ['req 1795321674274 slot0001 i1.1 500 -- 0 0 0 12 1 13 1 - - GET /500', 'i1', 500, 'complete', false],
  ['req 1795321674277 slot0001 i1.1 200 -- 0 0 0 0 2 2 1 - - HEAD /head', 'i1', 200, 'complete', false],
  ['req 1795321674334 slot0001 i1.1 200 SD 0 0 0 1 1 53 1 - - GET /cut', 'i1', 200, 'cut-by-server', false],
  ['req 1795321674343 slot0001 <NOSRV> 503 PR 0 0 -1 -1 -1 0 1 - - GET /paused', null, 503, 'denied', false],
  ['req 1795321674375 slot0002 old:fallback.3 200 -- 0 0 0 0 3 3 1 - - POST /first', 'old', 200, 'complete', true],
  ['req 1795321674384 slot0003 i2.5 200 -- +1 0 0 0 1 1 1 - - GET /again', 'i2', 200, 'complete', true],
  ['req 1795321674403 slot0004 i1.6 502 PH 0 0 0 0 -1 4 1 - - POST /badhead', null, 502, 'no-response', false],
  ['req 1795321674465 slot0004 i1.6 200 SD 0 0 0 1 0 52 1 - - POST /badchunk', 'i1', 200, 'cut-by-server', false],
  ['req 1795321674522 slot0004 i1.6 200 SD 0 0 0 0 1 51 1 - - POST /reset', 'i1', 200, 'cut-by-server', false],
  ['req 1795321674524 slot0004 i1.6 502 SH 0 0 0 0 -1 0 1 - - POST /noheaders', null, 502, 'no-response', false],
  ['req 1795321674524 slot0005 <NOSRV> 503 SC 0 0 -1 -1 -1 0 1 - - GET /noserver', null, 503, 'refused', false],
  ['req 1795321674898 slot0001 i1.1 -1 CD 0 0 0 0 -1 100 1 - - POST /upload', null, null, 'client-gone', false],
  ['req 1795321674999 slot0001 i1.1 400 PH 0 0 0 0 -1 100 1 - - POST /clientchunk', null, 400, 'denied', false],
  ['req 1795321675033 slot0001 i1.1 200 CD 0 0 0 0 71 508 1 - - GET /drip', 'i1', 200, 'client-gone', false],
  ['req 1795321675194 slot0001 i1.1 101 -- 0 0 0 0 18 56 1 1 - GET /', 'i1', 101, 'complete', false],
  ['req 1795321675613 slot0001 i1.1 101 K- 0 0 0 0 0 4 1 1 - GET /', 'i1', 101, 'complete', false],
];

for (const [line, server, status, ending, refused] of captured) {
  test(`a line of HAProxy says how it ended: ${line.slice(18)}`, () => {
    const outcome = parseOutcome(line);
    assert.ok(outcome !== null);
    assert.deepEqual(
      [outcome.server, outcome.status, outcome.ending, outcome.refused],
      [server, status, ending, refused],
    );
  });
}

test('all of a line is read, with the times from the request’s arrival', () => {
  const line = 'req 1795321674343 slot0012 i1.1 200 -- 0 5 1 2 30 45 16 1 741A17CE61D32409 GET /cookie';
  assert.deepEqual(parseOutcome(line), {
    at: 1795321674343,
    slot: 12,
    server: 'i1',
    status: 200,
    ending: 'complete',
    method: 'GET',
    path: '/cookie',
    client: '741A17CE61D32409',
    headersMs: 38,
    durationMs: 45,
    refused: false,
    upgrade: true,
    weight: 16,
  });
});

test('what is not the end of a request to a slot is left out', () => {
  const lines = [
    '',
    'Proxy web stopped (cumulated conns: FE: 9, BE: 1).',
    "Lua function 'hold': aborting Lua processing on expired timeout.",
    'req 1795321675393 - <NOSRV> 400 PR 0 -1 -1 -1 -1 0 - - - - -',
    'req 1795321675393 slot0001',
  ];
  for (const line of lines) assert.equal(parseOutcome(line), null);
});

test('who and when: clients are never to blame the app for, servers are, and what the router did by itself is neither', () => {
  const expected: readonly (readonly [string, number | null, string])[] = [
    ['CR', 400, 'client-gone'],
    ['CC', null, 'client-gone'],
    ['CH', null, 'client-gone'],
    ['cD', 200, 'client-gone'],
    ['CL', 200, 'client-gone'],
    ['SC', 503, 'refused'],
    ['sC', 503, 'refused'],
    ['sQ', 503, 'refused'],
    ['SH', 502, 'no-response'],
    ['sH', 504, 'no-response'],
    ['SD', 200, 'cut-by-server'],
    ['sD', 200, 'cut-by-server'],
    ['SL', 200, 'cut-by-server'],
    ['SD', 101, 'complete'],
    ['sD', 101, 'complete'],
    ['CD', 101, 'client-gone'],
    ['PR', 403, 'denied'],
    ['PC', 503, 'denied'],
    ['PH', 502, 'no-response'],
    ['PD', 200, 'cut-by-server'],
    ['LR', 200, 'denied'],
    ['RC', 503, 'denied'],
    ['IH', 500, 'denied'],
    ['KD', 200, 'denied'],
  ];
  for (const [code, status, ending] of expected) assert.equal(endingOf(code, status), ending, code);
});

test('any text is read without an error, and any path comes out as it went in, cut at 256 characters', () => {
  check(property(string({ unit: 'binary', maxLength: 400 }), (text) => void parseOutcome(text)));
  check(property(string({ unit: 'binary' }), (text) => void parseOutcome(`req 1 slot0001 ${text}`)));
  const path = string({ unit: 'grapheme-ascii', maxLength: 400 }).map((rest) => `/${rest}`);
  check(
    property(path, (text) => {
      const outcome = parseOutcome(`req 1 slot0001 i1.1 200 -- 0 0 0 0 6 6 1 - - GET ${text}`);
      assert.equal(outcome?.path, text.slice(0, 256));
      assert.equal(outcome.status, 200);
    }),
  );
});
