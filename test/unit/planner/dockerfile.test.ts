import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BuildSettings } from '../../../src/domain/build-settings.ts';
import { planOf } from './fixture.ts';

describe('the preset dockerfile', () => {
  it('takes the file as it is, with the build environment as its arguments', async (t) => {
    const text = '# syntax=docker/dockerfile:1\nFROM a\r\nRUN x';
    const plan = await planOf(t, { Dockerfile: text }, { buildEnv: { A: '1' } });
    assert.equal(plan.dockerfile, text);
    assert.deepEqual([plan.buildArgs, plan.target, plan.output], [{ A: '1' }, null, { type: 'image' }]);
  });

  const rows: readonly (readonly [
    rule: string,
    dockerfile: string,
    images: readonly string[],
    settings?: Partial<BuildSettings>,
  ])[] = [
    ['every FROM', 'FROM a:1\nFROM b@sha256:0 as x\n', ['a:1', 'b@sha256:0']],
    ['not scratch and not its own stages', 'FROM a AS One\nFROM one\nFROM scratch\nCOPY --from=one /x /y\n', ['a']],
    ['each one once', 'FROM a\nFROM a\n', ['a']],
    ['with a platform', 'FROM --platform=$BUILDPLATFORM a AS b\n', ['a']],
    [
      'what is copied from, but not a stage by number',
      'FROM a\nCOPY --from=0 /x /y\nCOPY --chown=1 --from=c:2 /x /y\n',
      ['a', 'c:2'],
    ],
    ['defaults of arguments', 'ARG V=24 N="node"\nFROM $N:${V}-slim\n', ['node:24-slim']],
    ['an argument made of another', 'ARG V=24\nARG IMAGE=node:${V}\nFROM ${IMAGE}\n', ['node:24']],
    ['arguments of the settings before defaults', 'ARG V=24\nFROM node:$V\n', ['node:22'], { buildEnv: { V: '22' } }],
    ['only those declared before FROM', 'ARG V=24\nFROM a:$V\nARG V=9\nFROM b:${V}\n', ['a:24', 'b:24']],
    ['fallbacks', 'ARG E=\nFROM ${E:-a}${V:+no}\n', ['a']],
    ['not what is unknown until the build', 'ARG V\nFROM $V AS x\nFROM a\n', ['a']],
    [
      'over continued lines, comments and blank lines',
      'FROM \\\n# c\n\n  a:1 \\\n  AS b\nRUN x && \\\n FROM no\n',
      ['a:1'],
    ],
    ['with another escape character', '# escape=`\nFROM `\n a\nRUN c:\\\nFROM b\n', ['a', 'b']],
    ['in lower case', 'from a\n', ['a']],
    [
      'up to the target',
      'FROM a AS one\nCOPY --from=c /x /y\nFROM b AS two\nCOPY --from=d /x /y\n',
      ['a', 'c'],
      { target: 'ONE' },
    ],
    ['up to a target by number', 'FROM a\nFROM b\nFROM c\n', ['a', 'b'], { target: '1' }],
  ];
  for (const [rule, dockerfile, images, settings] of rows) {
    it(`names its base images: ${rule}`, async (t) => {
      assert.deepEqual((await planOf(t, { Dockerfile: dockerfile }, settings)).baseImages, images);
    });
  }

  it('a file without FROM is refused', async (t) => {
    await assert.rejects(planOf(t, { Dockerfile: '# FROM a\n' }), { code: 'dockerfile_invalid', message: /no FROM/ });
  });

  it('a target that is not there is refused, and the stages are named', async (t) => {
    await assert.rejects(planOf(t, { Dockerfile: 'FROM a AS one\nFROM b AS two\n' }, { target: 'three' }), {
      code: 'dockerfile_invalid',
      message: /no stage `three`: its stages are one, two/,
    });
  });
});
