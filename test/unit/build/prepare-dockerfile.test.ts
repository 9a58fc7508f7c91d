import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BuildSecret } from '../../../src/domain/build-secrets.ts';
import type { BuildPlan } from '../../../src/domain/build-plan.ts';
import { prepareDockerfile } from '../../../src/drivers/build/buildkit/prepare-dockerfile.ts';

const token: BuildSecret = { name: 'TOKEN', value: "it's", fingerprint: 'f00' };

function prepare(
  lines: readonly string[],
  preset: BuildPlan['preset'] = 'dockerfile',
  secrets: readonly BuildSecret[] = [token],
  certificates: string | null = null,
) {
  const dockerfile = lines.join('\n');
  const plan = { preset, explanation: [], dockerfile, target: null, baseImages: [], buildArgs: {} };
  const request = {
    deploymentId: 'd',
    contextPath: '/c',
    plan: { ...plan, output: { type: 'image' } },
    tag: 't',
    labels: {},
    noCache: false,
    timeoutMs: 1,
    secrets,
    cacheScope: 'SCOPE',
  } as const;
  return prepareDockerfile(dockerfile, request, { certificates, proxy: {} });
}

function same(what: string, given: readonly string[], sent: readonly string[]): void {
  test(what, () => assert.equal(prepare(given).text, sent.join('\n')));
}

describe('a Dockerfile of the repository', () => {
  same(
    'has the scope in the id of every cache, also where it names none',
    [
      'FROM a',
      'RUN --mount=type=cache,target=/root/.npm npm ci',
      'run --mount=id=go,type=CACHE,dst=/g --network=none x',
    ],
    [
      'FROM a',
      'RUN --mount=type=cache,target=/root/.npm,id=SCOPE//root/.npm npm ci',
      'run --mount=id=SCOPE/go,type=CACHE,dst=/g --network=none x',
    ],
  );
  same(
    'is read as Docker reads it: quotes, lines that go on, comments between them, ONBUILD, line ends of Windows',
    [
      'FROM a\r',
      'RUN \\',
      '  # --mount=type=cache,target=/comment',
      '',
      `  --mount=type='cache',target="/a b" \\\r`,
      '  x --mount=type=cache,target=/argument',
      '  ONBUILD RUN --mount=type=cache,target=/o y\r',
      '# RUN --mount=type=cache,target=/comment z',
    ],
    [
      'FROM a\r',
      'RUN \\',
      '  # --mount=type=cache,target=/comment',
      '',
      '  --mount="type=cache,target=/a b,id=SCOPE//a b" \\\r',
      '  x --mount=type=cache,target=/argument',
      '  ONBUILD RUN --mount=type=cache,target=/o,id=SCOPE//o y\r',
      '# RUN --mount=type=cache,target=/comment z',
    ],
  );
  same(
    'keeps what only looks like an instruction in a heredoc',
    [
      'COPY <<EOF /x',
      'RUN --mount=type=cache,target=/a b',
      'EOF',
      'RUN --mount=type=cache,target=/b <<-E',
      '\tE',
      'USER 1',
    ],
    [
      'COPY <<EOF /x',
      'RUN --mount=type=cache,target=/a b',
      'EOF',
      'RUN --mount=type=cache,target=/b,id=SCOPE//b <<-E',
      '\tE',
      'USER 1',
    ],
  );
  same(
    'may have another sign for lines that go on',
    ['# escape=`', 'FROM a', 'RUN `', '  --mount=type=cache,target=/c x'],
    ['# escape=`', 'FROM a', 'RUN `', '  --mount=type=cache,target=/c,id=SCOPE//c x'],
  );
  same(
    'has the fingerprint of a secret in the id of its mounts, which stay where they were',
    [
      'RUN --mount=type=secret,id=TOKEN a',
      'RUN --mount=type=secret,target=/etc/TOKEN a',
      'RUN --mount=type=secret,id=TOKEN,env=TOKEN a',
      'RUN --mount=type=secret,id=OTHER,required a',
    ],
    [
      'RUN --mount=type=secret,id=TOKEN.f00,target=/run/secrets/TOKEN a',
      'RUN --mount=type=secret,target=/etc/TOKEN,id=TOKEN.f00 a',
      'RUN --mount=type=secret,id=TOKEN.f00,env=TOKEN a',
      'RUN --mount=type=secret,id=OTHER,required a',
    ],
  );

  test('is shown in logs and messages without what was put into it', () => {
    const { text, plainName } = prepare([
      'RUN --mount=type=cache,id=npm,target=/n --mount=type=secret,id=TOKEN,target=/t npm ci',
    ]);
    assert.equal(
      plainName(text),
      'RUN --mount=type=cache,id=npm,target=/n --mount=type=secret,id=TOKEN,target=/t npm ci',
    );
  });

  test('is given no environment: it says itself which step may read what', () => {
    const { text, secretValues } = prepare(['FROM a', 'ARG BUILD_ENV_HASH', 'RUN x']);
    assert.equal(text, 'FROM a\nARG BUILD_ENV_HASH\nRUN x');
    assert.deepEqual([...secretValues], [['TOKEN.f00', "it's"]]);
  });
});

describe('a planned Dockerfile', () => {
  const mount = /--mount=type=secret,id=cutover-env\.[0-9a-f]{32},target=\/run\/cutover-env,mode=0444/;
  const plan = [
    'FROM n AS packages',
    'RUN npm install --global pnpm',
    'ARG BUILD_ENV_HASH',
    'RUN --mount=type=cache,id=npm,target=/n npm ci || exit 1',
    'FROM packages AS build',
    'RUN ["node","-e","1"]',
    'FROM n',
    'RUN chown 1 /app',
  ];

  const valuesOf = (secrets: readonly BuildSecret[]) => [...prepare(plan, 'node', [...secrets]).secretValues];

  test('has the secrets in the environment from the argument on, and in stages that start from there, but nowhere else', () => {
    const lines = prepare(plan, 'node').text.split('\n');
    assert.deepEqual(
      lines.map((line) => mount.test(line)),
      [false, false, false, true, false, true, false, false],
    );
    assert.equal(
      lines[3]?.replace(mount, 'M'),
      'RUN --mount=type=cache,id=SCOPE/npm,target=/n M . /run/cutover-env; npm ci || exit 1',
    );
    assert.equal(
      lines[5]?.replace(mount, 'M'),
      String.raw`RUN M ["sh","-c",". /run/cutover-env; exec \"$@\"","sh","node","-e","1"]`,
    );
  });

  test('gets them as text for a shell, with every value quoted, under an id that changes with any of them', () => {
    const other = { name: 'B', value: 'x\n"$y"', fingerprint: 'b' };
    const [id, text] = valuesOf([token, other]).at(-1) ?? [];
    assert.equal(text, `export TOKEN='it'\\''s'\nexport B='x\n"$y"'\n`);
    const [changed] = valuesOf([token, { ...other, fingerprint: 'c' }]).at(-1) ?? [];
    assert.match(id ?? '', /^cutover-env\.[0-9a-f]{32}$/);
    assert.notEqual(id, changed);
  });

  test('stays as it is where there are no secrets, and is shown as it was planned', () => {
    assert.equal(prepare(plan, 'node', []).text.includes('cutover-env'), false);
    const { text, plainName } = prepare(plan, 'node');
    assert.equal(plainName(text), plan.join('\n'));
  });

  test('cannot be given more than BuildKit takes', () => {
    const secrets = Array.from({ length: 6 }, (_, n) => ({ ...token, name: `N${n}`, value: 'x'.repeat(100_000) }));
    assert.throws(() => prepare(plan, 'node', secrets), { code: 'invalid_input', message: /512000|500 KiB/ });
  });
});

describe('certificates that builds trust', () => {
  const pem = '-----BEGIN CERTIFICATE-----';
  const exported = /export (?:[A-Z_]+=\/run\/cutover-ca ?)+; /;

  test('are a file in every step of a planned Dockerfile, and named to the programs of many languages', () => {
    const given = ['FROM n', 'RUN --mount=type=cache,target=/n npm ci', 'RUN ["node","x"]'];
    const { text, secretValues, plainName } = prepare(given, 'node', [], pem);
    const [, first = '', second = ''] = text.split('\n');
    for (const line of [first, second]) {
      assert.match(line, /--mount=type=secret,id=cutover-ca,target=\/run\/cutover-ca,mode=0444 /);
      assert.match(line, /NODE_EXTRA_CA_CERTS=\/run\/cutover-ca/);
    }
    assert.match(first.replace(exported, ''), / npm ci$/);
    assert.match(second.replace(exported, ''), /\["sh","-c","exec \\"\$@\\"","sh","node","x"\]$/);
    assert.deepEqual([...secretValues], [['cutover-ca', pem]]);
    assert.equal(plainName(first), 'RUN --mount=type=cache,target=/n,id=/n npm ci');
    assert.equal(plainName(second), 'RUN ["node","x"]');
  });

  test('are there for a Dockerfile of the repository to mount by name', () => {
    const { text, secretValues } = prepare(
      ['FROM n', 'RUN --mount=type=secret,id=cutover-ca npm ci'],
      'dockerfile',
      [],
      pem,
    );
    assert.equal(text, 'FROM n\nRUN --mount=type=secret,id=cutover-ca npm ci');
    assert.equal(secretValues.get('cutover-ca'), pem);
  });
});
