import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliUnderTest } from './cli-run.ts';

const sha = 'a'.repeat(40);

test('previews open opens one, list and show tell of it, close removes it', async () => {
  await using cli = await CliUnderTest.start();
  const opened = await cli.run([
    'previews',
    'open',
    'my-app',
    '--pull-request',
    '42',
    '--branch',
    'login',
    '--commit',
    sha,
  ]);
  assert.equal(opened.code, 0, opened.stderr);
  assert.match(opened.stdout, /^name +pr-42\nstate +open\nof +pull request 42\n/);
  assert.match(opened.stdout, /address +http:\/\/pr-42-my-app\.localhost:8080\n/);
  const listed = await cli.run(['previews', 'list']);
  assert.match(
    listed.stdout,
    /^NAME +OF +STATE +DEPLOYMENT +PUSHED +ADDRESS\npr-42 +pull request 42 +open +#1 pending +just now +http/,
  );
  const closed = await cli.run(['previews', 'close', 'pr-42', '--json']);
  assert.equal(JSON.parse(closed.stdout).state, 'removing');
  assert.equal((await cli.run(['previews', 'show', 'pr-7'])).code, 5);
});

test('what comes from a fork is approved by its commit: the one named, or the newest after asking', async () => {
  await using cli = await CliUnderTest.start();
  const open = ['previews', 'open', '--pull-request', '7', '--branch', 'x', '--commit', sha, '--fork'];
  assert.match((await cli.run(open)).stdout, /state +needs-approval\n[^]*from a fork +yes; not approved\n/);
  const other = await cli.run(['previews', 'approve', 'pr-7', '--commit', 'b'.repeat(40)]);
  assert.match(other.stderr, /preview_changed/);
  const refused = await cli.run(['previews', 'approve', 'pr-7'], { answer: 'n' });
  assert.deepEqual([refused.code, refused.questions], [2, [`Build ${sha} in pr-7? [y/N] `]]);
  const approved = await cli.run(['previews', 'approve', 'pr-7', '--commit', sha]);
  assert.match(approved.stdout, /from a fork +yes; approved by owner\n/);
});

test('previews set changes what is named, and never shows the password', async () => {
  await using cli = await CliUnderTest.start();
  const { code, stdout } = await cli.run(['previews', 'set', '--pull-requests', '--ttl', '48h', '--password-stdin'], {
    input: 'correct horse\n',
  });
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^pull requests +on\nbranches +off\nlimit +20\nttl +48 h after the last push\nsleep +after 30 min without a request\ndeployment urls +none\nnoindex +yes\n/,
  );
  assert.match(stdout, /password +set; the user name is preview\n/);
  assert.doesNotMatch(stdout, /horse/);
  assert.match(
    (await cli.run(['previews', 'set', '--no-password', '--index'])).stdout,
    /noindex +no\npassword +none\n/,
  );
  assert.equal((await cli.run(['previews', 'set'])).code, 2);
  assert.match((await cli.run(['previews', 'set', '--limit', '1001'])).stderr, /limit must be/);
  assert.match(
    (await cli.run(['previews', 'set', '--sleep-after', '2h'])).stdout,
    /sleep +after 2 h without a request\n/,
  );
  assert.match((await cli.run(['previews', 'set', '--sleep-after', 'none'])).stdout, /sleep +never\n/);
  const urls = await cli.run(['previews', 'set', '--deployment-urls', '3']);
  assert.match(urls.stdout, /deployment urls +of the newest 3 of each\n/);
  assert.match((await cli.run(['previews', 'set', '--sleep-after', '10ms'])).stderr, /sleepAfterMs must be/);
});

test('env --previews sets, lists and removes the variables of all previews', async () => {
  await using cli = await CliUnderTest.start();
  assert.equal((await cli.run(['env', 'set', '--previews', 'URL=preview'])).code, 0);
  assert.match((await cli.run(['env', 'list', '--previews', '--show'])).stdout, /URL +preview +preview +no/);
  assert.doesNotMatch((await cli.run(['env', 'list', '-e', 'production', '--show'])).stdout, /URL/);
  assert.equal((await cli.run(['env', 'set', '--previews', '-e', 'production', 'A=b'])).code, 2);
  assert.equal((await cli.run(['env', 'unset', '--previews', 'URL'])).code, 0);
});
