import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { applyAppBuild, applyAppConfig } from '../../../src/domain/app-config/apply.ts';
import { parseProcfile } from '../../../src/domain/app-config/procfile.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { appConfigJsonSchema } from '../../../src/contract/schemas/app-config.ts';
import { configOf, problemsOf } from './check-text.ts';

/** Pieces a configuration is made of, and those that YAML is hard at. */
const pieces = [
  ...Object.keys(appConfigJsonSchema()['properties'] as object),
  'command',
  'path',
  'access',
  'web',
  'worker',
  'check',
  'status',
  'exclusive',
  'rolling',
  '30s',
  '1GB',
  '200-299',
  ': ',
  ':\n',
  '\n',
  '\n  ',
  '\n    ',
  '- ',
  ', ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '|',
  '>',
  '#',
  '? ',
  '---\n',
  '...\n',
  '&a ',
  '*a',
  '!!str ',
  '! ',
  '!<x> ',
  '%YAML 1.1\n',
  '<<',
  '\t',
  '\0',
  '\u{feff}',
  '\u{2028}',
  '\\x',
  '\r',
  '~',
  '1e999',
  '-.inf',
  '0x10',
];

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join('')),
  fc.json().map(String),
);

test('rule 10: whatever the text is, the answer is a configuration or a list of problems in one line each', () => {
  fc.assert(
    fc.property(text, (written) => {
      for (const problem of problemsOf(written)) {
        assert.match(problem, /^(\d+:\d+: )?[^\p{Cc}]+$/u);
        assert.ok(problem.length < 600, problem);
      }
    }),
    { numRuns: 3_000 },
  );
});

test('rule 10: whatever a Procfile is, the answer is processes or problems', () => {
  fc.assert(
    fc.property(text, (written) => {
      const { processes, problems } = parseProcfile(written);
      assert.equal(new Set(processes.map(({ name }) => name)).size, processes.length);
      for (const { message } of problems) assert.match(message, /^[^\p{Cc}]+$/u);
    }),
  );
});

const duration = (min: string, max: string) => fc.constantFrom(min, max);
const command = fc.constantFrom<string | string[]>('a', 'a && b', ['a', ''], ['x'.repeat(8_192)], 'y'.repeat(4_000));
const limits = { cpu: fc.constantFrom(0.05, 64), memory: fc.constantFrom(16, '16MB', '1024GB') };
const probe = {
  interval: duration('50ms', '24h'),
  timeout: duration('1ms', '24h'),
  healthyThreshold: fc.constantFrom(1, 100),
  unhealthyThreshold: fc.constantFrom(1, 100),
  startPeriod: duration('0s', '24h'),
};
const name = fc
  .stringMatching(/^[a-z][a-z0-9_-]{0,8}[a-z0-9]$/)
  .filter((word) => !/^(web|release|contract)$/.test(word));
const part = { requiredKeys: [] };

/** Everything at the ends of its range. */
const document = fc.record(
  {
    build: fc.record(
      { preset: fc.constantFrom('auto', 'static'), dockerfile: fc.constant('a/b'), buildEnv: fc.constant({ A: '1' }) },
      part,
    ),
    processes: fc.dictionary(
      name,
      fc.oneof(
        command,
        fc.record(
          {
            command,
            replicas: fc.constantFrom(1, 32),
            ...limits,
            stayUp: duration('0ms', '24h'),
            check: fc.record({ command, ...probe }, { requiredKeys: ['command'] }),
          },
          part,
        ),
      ),
      { maxKeys: 30 },
    ),
    release: fc.oneof(command, fc.record({ command, ...limits }, { requiredKeys: ['command'] })),
    oneOffTimeout: duration('1s', '24h'),
    health: fc.record(
      {
        path: fc.constantFrom('/', `/${'a'.repeat(2_047)}`),
        host: fc.constant('a.example:80'),
        status: fc.constantFrom(100, 599, '100-599'),
        ...probe,
      },
      part,
    ),
    strategy: fc.constantFrom('rolling', 'blue-green', 'canary', 'recreate'),
    canary: fc.constantFrom({}, { steps: [1] }, { steps: [1, 2, 3, 4, 5, 6, 7, 8, 9, 99] }),
    observation: duration('0s', '24h'),
    drainTimeout: duration('0s', '24h'),
    stopGrace: duration('0s', '24h'),
    holdTimeout: duration('0s', '30s'),
    port: fc.constantFrom(1, 65_535, 'auto'),
    replicas: fc.constantFrom(1, 32),
    resources: fc.record(limits, part),
  },
  part,
);

test('rule 4.3: what the file may say is what the settings may be', () => {
  fc.assert(
    fc.property(document, (written) => {
      const config = configOf(JSON.stringify(written));
      applyAppConfig(defaultEnvironmentSettings, config);
      applyAppBuild(defaultBuildSettings, config);
    }),
    { numRuns: 500 },
  );
});
