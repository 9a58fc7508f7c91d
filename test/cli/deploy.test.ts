import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { CliUnderTest } from './cli-run.ts';

test('rule 9.2: a deployment in a pipe prints plain lines on stderr, the verdict and URL on stdout, and exits 0', async () => {
  await using cli = await CliUnderTest.start();
  cli.api.platform.play = (held) => cli.api.platform.succeed(held);
  const result = await cli.run(['deploy', 'my-app', '-e', 'production', '-y']);
  assert.equal(result.code, 0);
  assert.equal(
    result.stdout,
    '#1 is live; 0 of 3,214 requests failed during the switch\nhttp://my-app.localhost:8080\n',
  );
  assert.match(result.stderr, /^plan: rolling\n {2}nothing serves yet: .+\n#1 of my-app to production \(main\)\n/);
  assert.match(result.stderr, /^ +\d+ ms {2}build completed \(48\.1 MB\)$/m);
  assert.ok(!result.stderr.includes('\u001B'));
});

test('rule 9.2: --json gives the deployment with its url, jobs and requests on stdout', async () => {
  await using cli = await CliUnderTest.start();
  cli.api.platform.play = (held) => cli.api.platform.succeed(held);
  const result = await cli.run(['deploy', '-p', 'my-app', '--json']);
  const shown = JSON.parse(result.stdout) as Record<string, unknown>;
  assert.equal(shown['number'], 1);
  assert.equal(shown['state'], 'completed');
  assert.deepEqual(shown['requests'], { total: 3214, failed: 0 });
  assert.equal(shown['url'], 'http://my-app.localhost:8080');
});

test('rule 9.2: a failed deployment exits 1 with its code, the reason, the next step and the end of the log', async () => {
  await using cli = await CliUnderTest.start();
  cli.api.platform.play = (held) => cli.api.platform.fail(held);
  const result = await cli.run(['deploy', 'my-app']);
  assert.equal(result.code, 1);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /error: build_failed: #1 failed: step 3 of the Dockerfile exited with 1\n {2}next: Read/);
  assert.match(
    result.stderr,
    /the end of the log of BuildImageJob:\n {4}step 1\n {4}step 2\n {4}npm error missing script/,
  );
});

test('a deployment that is cancelled meanwhile exits 1 and says by whom', async () => {
  await using cli = await CliUnderTest.start();
  const { platform } = cli.api;
  platform.play = (held) => {
    platform.move(held, 'cancelled', { reason: 'superseded by #2' });
    held.timeline.close();
  };
  const result = await cli.run(['deploy', 'my-app']);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /#1 is cancelled: superseded by #2/);
});

test('rule 9.2: on a terminal the current step is redrawn in place, milestones stay, and the cursor comes back', async () => {
  await using cli = await CliUnderTest.start();
  cli.api.platform.play = (held) => cli.api.platform.succeed(held);
  const result = await cli.run(['deploy', 'my-app', '-y'], { answer: 'unused' });
  assert.equal(result.code, 0);
  assert.deepEqual(result.questions, []);
  assert.ok(result.stderr.includes('\r\u001B[2K  ⠙ waiting ('));
  assert.match(result.stderr, /✓ gate passed by instance 1 \(try 2, 312 ms after its start\)\n/);
  assert.doesNotMatch(result.stderr, /✓ state/);
  assert.ok(result.stderr.endsWith('\u001B[?25h'), JSON.stringify(result.stderr.slice(-40)));
});

test('a terminal is asked without -y, and no is no', async () => {
  await using cli = await CliUnderTest.start();
  const result = await cli.run(['deploy', 'my-app'], { answer: 'n' });
  assert.equal(result.code, 2);
  assert.deepEqual(result.questions, ['Deploy my-app to production? [y/N] ']);
  assert.match(result.stderr, /error: not_confirmed/);
  assert.equal(cli.api.platform.projects.get('my-app')?.deployments.length, 0);
});

test('--no-wait returns when the deployment is recorded; --commit, --branch and --no-cache reach it', async () => {
  await using cli = await CliUnderTest.start();
  const commit = 'A'.repeat(40);
  const result = await cli.run(['deploy', 'my-app', '--no-wait', '--commit', commit, '--branch', 'fix', '--no-cache']);
  assert.equal(result.code, 0);
  assert.equal(result.stdout, '#1 is pending\n');
  const { source, trigger } = cli.api.held(1).deployment;
  assert.ok(source.kind === 'git');
  assert.equal(source.requestedCommit, commit.toLowerCase());
  assert.equal(source.branch, 'fix');
  assert.equal(trigger.noCache, true);
});

test('a connection that is cut during a deployment is taken up after the last entry', async () => {
  await using cli = await CliUnderTest.start();
  let streams = 0;
  const cutting: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer;
    streams += 1;
    return streams === 1 ? new Response(cutAfterFirstEntry(answer), { headers: answer.headers }) : answer;
  };
  let seen = '';
  const onWrite = (text: string) => {
    seen += text;
    if (text.includes('the connection was cut')) cli.api.platform.succeed(cli.api.held(1));
  };
  const result = await cli.run(['deploy', 'my-app'], { fetch: cutting, onWrite });
  assert.equal(result.code, 0);
  assert.equal(streams, 2);
  assert.equal(seen.split('state: pending').length, 2, 'an entry was shown twice');
});

function cutAfterFirstEntry(answer: Response): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder();
  const source = answer.body?.getReader();
  return new ReadableStream({
    async pull(controller) {
      const chunk = await source?.read();
      if (chunk?.value === undefined) return controller.close();
      controller.enqueue(chunk.value);
      if (decoder.decode(chunk.value).includes('id: ')) controller.error(new Error('cut'));
    },
  });
}

test('Ctrl-C leaves the deployment alone, says how to find it again, and exits 130', async () => {
  await using cli = await CliUnderTest.start();
  const interrupt = new AbortController();
  const onWrite = (text: string) => {
    if (text.includes('state: pending')) interrupt.abort();
  };
  const result = await cli.run(['deploy', 'my-app'], { signal: interrupt.signal, onWrite });
  assert.equal(result.code, 130);
  assert.match(result.stderr, /the deployment goes on; see it with: cutover deployments status 1 -p my-app\n$/);
  assert.equal(cli.api.held(1).deployment.state, 'pending');
});

test('rule 2.3: --image deploys an image of a registry', async () => {
  await using cli = await CliUnderTest.start();
  const result = await cli.run(['deploy', 'my-app', '--no-wait', '--image', 'registry.example.com/app:1.2']);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /#1 of my-app to production \(registry\.example\.com\/app:1\.2\)/);
  const { kind, source } = cli.api.held(1).deployment;
  assert.deepEqual(
    [kind, source],
    ['image', { kind: 'image', reference: 'registry.example.com/app:1.2', digest: null }],
  );
});

test('rule 2.3: --image-tarball sends a file, or standard input', async () => {
  await using cli = await CliUnderTest.start();
  const file = join(cli.directory, 'image.tar');
  await writeFile(file, 'a tarball');
  const sent = await cli.run(['deploy', 'my-app', '--no-wait', '--image-tarball', file]);
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stderr, /sending image\.tar \(/);
  await cli.run(['deploy', 'my-app', '--no-wait', '--image-tarball', '-'], { input: 'from a pipe' });
  const kept = [1, 2].map((number) => {
    const { source } = cli.api.held(number).deployment;
    assert.ok(source.kind === 'image-upload');
    return [source.upload.filename, cli.api.platform.uploads.get(source.upload.id)?.toString()];
  });
  assert.deepEqual(kept, [
    ['image.tar', 'a tarball'],
    ['-', 'from a pipe'],
  ]);
});

test('rule 2.3: --static packs a directory without what nobody serves, or sends an archive as it is', async () => {
  await using cli = await CliUnderTest.start();
  const site = join(cli.directory, 'site');
  await mkdir(join(site, '.git'), { recursive: true });
  await writeFile(join(site, 'index.html'), 'hi');
  await writeFile(join(site, '.git', 'config'), 'secret');
  const result = await cli.run(['deploy', 'my-app', '--no-wait', '--static', site, '--spa']);
  assert.equal(result.code, 0, result.stderr);
  const { kind, source } = cli.api.held(1).deployment;
  assert.ok(source.kind === 'bundle');
  assert.deepEqual([kind, source.spa, source.upload.filename], ['static', true, 'site.tar.gz']);
  const tar = gunzipSync(cli.api.platform.uploads.get(source.upload.id) ?? '').toString('latin1');
  assert.ok(tar.includes('index.html'));
  assert.ok(!tar.includes('.git') && !tar.includes('secret'));
});

test('what does not go together is a usage error, and nothing is sent', async () => {
  await using cli = await CliUnderTest.start();
  for (const args of [
    ['--image', 'a', '--static', '.'],
    ['--image', 'a', '--branch', 'main'],
    ['--image-tarball', '/nothing/here'],
    ['--static', '/nothing/here'],
    ['--spa'],
  ]) {
    assert.equal((await cli.run(['deploy', 'my-app', ...args])).code, 2, args.join(' '));
  }
  assert.equal(cli.api.platform.uploads.size, 0);
});
