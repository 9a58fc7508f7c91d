import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../../../src/daemon/config.ts';
import { openNetwork, proxyPasswords, resolveNetwork } from '../../../src/drivers/build/buildkit/build-network.ts';
import { withoutArguments } from '../../../src/drivers/build/buildkit/declared-arguments.ts';

test('certificates are read for every build, and must be some', async () => {
  const network = { ...openNetwork, certificatesFile: '/tmp/cutover-test-no-such-file' };
  await assert.rejects(resolveNetwork(network), { code: 'invalid_input', message: /ENOENT/ });
  await assert.rejects(resolveNetwork({ ...network, certificatesFile: '/etc/hostname' }), { code: 'invalid_input' });
  assert.deepEqual(await resolveNetwork(openNetwork), { certificates: null, proxy: {} });
});

describe('proxies of builds', () => {
  test('are given in both spellings, and only what is set', async () => {
    const { proxy } = await resolveNetwork({ ...openNetwork, httpsProxy: 'http://p:1', noProxy: 'a,b' });
    assert.deepEqual(proxy, { HTTPS_PROXY: 'http://p:1', https_proxy: 'http://p:1', NO_PROXY: 'a,b', no_proxy: 'a,b' });
  });

  test('3.4 have passwords that are known as they are written and as they are meant', () => {
    const [httpProxy, httpsProxy] = ['http://u:p%40ssword@p:1', 'socks5://other:secret@p:1'];
    const passwords = proxyPasswords({ ...openNetwork, httpProxy, httpsProxy });
    assert.deepEqual(passwords.toSorted(), ['p%40ssword', 'p@ssword', 'secret']);
    assert.deepEqual(proxyPasswords({ ...openNetwork, httpProxy: 'http://p:1' }), []);
  });

  test('that cannot be used are refused without saying their password', () => {
    for (const buildHttpProxy of ['ftp://u:secret@p', 'u:secret@p:1', 'http://u:secret%zz@p', 'http://u:se@cret@:x'])
      assert.throws(
        () => readConfig({ buildHttpProxy }, false),
        (error) =>
          error instanceof Error &&
          error.message.startsWith('CUTOVER_BUILD_HTTP_PROXY is "') &&
          !/secret|cret@/.test(error.message),
        buildHttpProxy,
      );
  });
});

function without(...lines: readonly string[]): readonly string[] {
  return withoutArguments(lines.join('\n'), new Set(['HTTP_PROXY', 'http_proxy'])).split('\n');
}

describe('a Dockerfile that declares what every step has anyway', () => {
  test('does not declare it any more, and keeps its other arguments and the numbers of its lines', () => {
    assert.deepEqual(without('ARG HTTP_PROXY', 'FROM a', 'arg http_proxy=http://x', 'RUN b'), [
      '',
      'FROM a',
      '',
      'RUN b',
    ]);
    assert.deepEqual(without('FROM a', 'ARG A="x HTTP_PROXY" \\', '  # why', '  HTTP_PROXY \\', "  B='y z'", 'RUN b'), [
      'FROM a',
      `ARG A="x HTTP_PROXY" B='y z'`,
      '',
      '',
      '',
      'RUN b',
    ]);
  });

  test('is as it was where it declares something else, or only talks of it', () => {
    const lines = [
      '# ARG HTTP_PROXY',
      'FROM a',
      'ARG HTTPS_PROXY MY_HTTP_PROXY',
      'ONBUILD ARG HTTP_PROXY',
      'RUN <<E',
      'ARG HTTP_PROXY',
      'E',
      'ENV HTTP_PROXY=x',
    ];
    assert.deepEqual(without(...lines), lines);
  });
});
