import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeMetrics } from '../../src/http/wire/metrics.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

test('metrics are given in the text format of Prometheus, to whom may administer the installation alone', async () => {
  await using api = await ApiUnderTest.start();
  const answer = await api.request('GET', '/api/metrics');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(await answer.text(), '# HELP cutover_up It runs.\n# TYPE cutover_up gauge\ncutover_up 1\n');
  const developer = api.platform.token('developer', 'developer');
  for (const path of ['/api/metrics', '/api/invariants'])
    assert.equal((await api.request('GET', path, { token: developer })).status, 403);
});

test('every sample is a line with its labels escaped; numbers are as Prometheus reads them', () => {
  const text = describeMetrics([
    {
      name: 'a_total',
      type: 'counter',
      help: 'One \\ two\nthree',
      samples: [
        { labels: { code: 'x', path: 'a"b\\c\nd' }, value: 0.25 },
        { value: 1e21 },
        { value: Infinity },
        { value: NaN },
      ],
    },
    { name: 'empty', type: 'gauge', help: 'Nothing', samples: [] },
  ]);
  assert.deepEqual(text.split('\n'), [
    String.raw`# HELP a_total One \\ two\nthree`,
    '# TYPE a_total counter',
    String.raw`a_total{code="x",path="a\"b\\c\nd"} 0.25`,
    'a_total 1e+21',
    'a_total +Inf',
    'a_total NaN',
    '',
  ]);
});
