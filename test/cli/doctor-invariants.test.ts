import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invariantReportSchema, type InvariantReport } from '../../src/contract/schemas/invariants.ts';
import { CliUnderTest } from './cli-run.ts';

const args = ['doctor', '--invariants'];

/** As if the server had seen this. */
function seeing(change: Partial<InvariantReport>): typeof globalThis.fetch {
  return async (url, init) => {
    const answer = await fetch(url, init);
    const report = invariantReportSchema.parse(await answer.json());
    return Response.json({ ...report, ...change });
  };
}

test('what is violated is told with the next step, and the exit code is 1', async () => {
  await using cli = await CliUnderTest.start();
  const { code, stdout } = await cli.run(args);
  assert.equal(code, 1);
  assert.equal(
    stdout,
    '✗ orphan: network of gone: there is no such project (since 2026-01-01T00:00:00.000Z)\n    Remove it by hand.\n',
  );
  const asJson = await cli.run([...args, '--json']);
  assert.equal(asJson.code, 1);
  assert.equal(invariantReportSchema.parse(JSON.parse(asJson.stdout)).violations.length, 1);
});

test('where nothing is violated yet the exit code is 0, and what may become a violation is told', async () => {
  await using cli = await CliUnderTest.start();
  assert.deepEqual(await cli.run(args, { fetch: seeing({ violations: [] }) }), {
    code: 0,
    stdout: '✓ every invariant holds\n',
    stderr: '',
    questions: [],
  });
  const report = (await (await cli.api.request('GET', '/api/invariants')).json()) as InvariantReport;
  const suspected = await cli.run(args, { fetch: seeing({ violations: [], suspicions: report.violations }) });
  assert.equal(suspected.code, 0);
  assert.match(
    suspected.stdout,
    /^✓ every invariant holds\n! network of gone: .*; a violation, orphan, if it stays\)\n$/,
  );
});

test('where no server answers the exit code is 3: nothing but the control plane can look at all of it', async () => {
  await using cli = await CliUnderTest.start();
  const { code, stderr } = await cli.run(args, { env: { CUTOVER_URL: 'http://127.0.0.1:1' } });
  assert.equal(code, 3);
  assert.match(stderr, /server_unreachable|nothing answers/);
});
