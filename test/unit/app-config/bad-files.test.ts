import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presets } from '../../../src/domain/build-settings.ts';
import { problemsOf } from './check-text.ts';

const badFiles: Readonly<Record<string, { readonly text: string; readonly problems: readonly string[] }>> = {
  'unknown keys are named with a suggestion, at every depth, in the order of the file': {
    text: 'port: 80\nhealth:\n  pth: /up\nproceses: {}\nprocesses:\n  worker: { comand: a }\nzebra: 1\n',
    problems: [
      '3:3: unknown key "pth" in health (did you mean "path"?)',
      '4:1: unknown key "proceses" (did you mean "processes"?)',
      '6:13: unknown key "comand" in processes.worker (did you mean "command"?)',
      '7:1: unknown key "zebra"',
    ],
  },
  'keys that belong elsewhere say where': {
    text: 'env: {}\nmemory: 1GB\nbuild: { directory: app }\nrelease: { command: a, timeout: 5m }\nprocesses: { web: { command: a, replicas: 2 } }\n',
    problems: [
      '1:1: unknown key "env": variables are set with `cutover env set`',
      '2:1: unknown key "memory": `memory` stands in `resources`',
      '3:10: unknown key "directory" in build: the directory is where this file lies',
      '4:24: unknown key "timeout" in release: both have `oneOffTimeout` at the top',
      '5:33: unknown key "replicas" in processes.web: those of `web` are `replicas` at the top',
    ],
  },
  'crons are not accepted as long as nothing runs them': {
    text: 'crons: []\n',
    problems: ['1:1: unknown key "crons"'],
  },
  'a key that is given twice': {
    text: 'port: 80\nport: 81\n',
    problems: ['2:1: the key "port" is given twice'],
  },
  'a key without a value': {
    text: 'health:\nreplicas: ~\n',
    problems: ['1:8: health has no value', '2:11: replicas has no value'],
  },
  'a list is no configuration': { text: '- port: 80\n', problems: ['1:1: the file must be a map of names and values'] },
  'a text is no configuration': {
    text: 'port=80\n',
    problems: ['1:1: the file must be a map of names and values'],
  },
  'numbers have ranges': {
    text: 'replicas: 33\nport: 70000\nresources: { cpu: 0, memory: 8MB }\n',
    problems: [
      '1:11: replicas must be a whole number from 1 to 32',
      '2:7: port must be a port from 1 to 65535, or auto',
      '3:19: resources.cpu must be a number from 0.05 to 64',
      '3:30: resources.memory must be an amount of memory from 16MB to 1024GB, such as 512MB or 1GB',
    ],
  },
  'durations have units and ranges': {
    text: 'drainTimeout: 5 days\nstopGrace: -1\nobservation: 25h\nhealth: { interval: 10ms, timeout: true }\nholdTimeout: 1m\n',
    problems: [
      '1:15: drainTimeout must be a duration from 0s to 24h, such as 500ms, 30s or 15m',
      '2:12: stopGrace must be a duration from 0s to 24h, such as 500ms, 30s or 15m',
      '3:14: observation must be a duration from 0s to 24h, such as 500ms, 30s or 15m',
      '4:21: health.interval must be a duration from 50ms to 24h, such as 500ms, 30s or 15m',
      '4:36: health.timeout must be a duration from 1ms to 24h, such as 500ms, 30s or 15m',
      '5:14: holdTimeout must be a duration from 0s to 30s, such as 500ms, 30s or 15m',
    ],
  },
  'words are those of the settings': {
    text: 'strategy: yolo\nstandby: some\nrollback: { automatic: on, slow: maybe }\nbuild: { preset: cobol }\n',
    problems: [
      '1:11: strategy must be one of rolling, blue-green, canary, recreate, auto',
      '2:10: standby must be one of all, one, none',
      '3:24: rollback.automatic must be true or false',
      '3:34: rollback.slow must be one of hold, roll-back',
      `4:18: build.preset must be one of ${presets.join(', ')}`,
    ],
  },
  'a canary rises': {
    text: 'canary: { steps: [30, 10] }\n',
    problems: ['1:18: canary.steps must be a list of one to ten whole numbers from 1 to 99, rising'],
  },
  'a canary does not begin with everything': {
    text: 'canary: { steps: [10, 100] }\n',
    problems: ['1:23: canary.steps[1] must be a whole number from 1 to 99'],
  },
  'the health check has rules of its own': {
    text: 'health: { path: up, host: "a b", status: 300-200, method: POST }\n',
    problems: [
      '1:17: health.path must begin with / and have no spaces',
      '1:27: health.host must be a host, with or without a port',
      '1:42: health.status must be a status or a range of them, such as 200 or 200-399',
      '1:59: health.method must be one of GET, HEAD',
    ],
  },
  'a process is a command or a map': {
    text: 'processes:\n  worker: 5\n  beat: {}\n  web: {}\nrelease: ""\n',
    problems: [
      '2:11: processes.worker must be a command, or a map with one',
      '4:3: processes.web.command is missing',
      '5:10: release must name a program',
    ],
  },
  'arguments are texts': {
    text: 'processes:\n  a: [serve, --port, 80]\n  b: { command: [serve, 80] }\n  c: []\n',
    problems: [
      '2:22: processes.a[2] must be text; put it in quotes',
      '3:25: processes.b.command[1] must be text; put it in quotes',
      '4:6: processes.c must name a program',
    ],
  },
  'names of processes': {
    text: 'processes:\n  Web: a\n  release: b\n  "a b": c\n',
    problems: [
      '2:3: processes.Web: must be a name of at most 30 lower-case letters, digits, - and _ that begins with a letter',
      '3:3: processes.release: `release` runs once: it stands at the top, beside `processes`',
      '4:3: processes."a b": must be a name of at most 30 lower-case letters, digits, - and _ that begins with a letter',
    ],
  },
  'a check needs a command': {
    text: 'processes: { w: { check: { interval: 1s } } }\n',
    problems: ['1:19: processes.w.check.command is missing'],
  },
  'a volume says whether it is shared': {
    text: 'volumes:\n  data: { path: /data }\n  docs: { path: ../docs, access: both }\n',
    problems: [
      '2:3: volumes.data.access is missing',
      '3:17: volumes.docs.path must be an absolute path in the container, such as /data',
      '3:34: volumes.docs.access must be one of shared, exclusive',
    ],
  },
  'two volumes at one path': {
    text: 'volumes:\n  a: { path: /data, access: shared }\n  b: { path: /data, access: shared }\n',
    problems: ['3:14: volumes.b.path is already the path of the volume a'],
  },
  'nothing is mounted over what the kernel shows': {
    text: 'volumes: { a: { path: /proc/sys, access: shared } }\n',
    problems: ['1:23: volumes.a.path must not be inside /proc'],
  },
  'nobody needs a read-only volume alone': {
    text: 'volumes: { a: { path: /a, access: exclusive, readOnly: true } }\n',
    problems: ['1:35: volumes.a.access must be shared where the volume is read-only'],
  },
  'rule 10: the build does not leave the repository': {
    text: 'build:\n  dockerfile: ../Dockerfile\n  outputDirectory: /etc\n  buildEnv: { A: 1, "B C": x }\n',
    problems: [
      '2:15: build.dockerfile must be a path inside the repository',
      '3:20: build.outputDirectory must be a path inside the repository',
      '4:18: build.buildEnv.A must be text; put it in quotes',
    ],
  },
  'what is no YAML': {
    text: 'port: 80\nhealth: [\n',
    problems: [
      '3:1: is not valid YAML here: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  },
  'tags are refused': {
    text: 'port: !!int "80"\nhealth: !custom { path: / }\n',
    problems: ['2:9: is not valid YAML here: Unresolved tag: !custom'],
  },
  'tags that YAML knows are refused as well': {
    text: 'port: !!int "80"\n',
    problems: ['1:13: must not have tags (words that begin with !)'],
  },
  'a directive cannot make it YAML 1.1': {
    text: '%YAML 1.1\n---\nrollback: { automatic: yes }\n',
    problems: ['must not have directives (lines that begin with %)'],
  },
  'a second document': { text: 'port: 80\n---\nport: 81\n', problems: ['2:1: must be one document'] },
  'YAML 1.2 has no merge key': {
    text: '<<: { port: 80 }\n',
    problems: ['1:1: unknown key "<<"'],
  },
  'keys are texts': {
    text: '80: port\n? [a]\n: b\n__proto__: { port: 80 }\n',
    problems: [
      '1:1: must have a text as its key',
      '2:3: must have a text as its key',
      '4:1: must have a text as its key',
    ],
  },
  'an alias of nothing': {
    text: 'port: *nothing\n',
    problems: ['1:7: is an alias of nothing that stands before it'],
  },
  'an alias of what it stands in': {
    text: 'processes: &all\n  worker: *all\n',
    problems: ['2:11: has more than 5000 values, aliases resolved'],
  },
  'aliases that multiply': {
    text: `a: &a [x${',x'.repeat(999)}]\nb: &b [*a,*a]\nc: [*b,*b]\n`,
    problems: ['1:1980: has more than 5000 values, aliases resolved'],
  },
  'more aliases than anybody needs': {
    text: `a: &a x\nb: [${'*a, '.repeat(101)}]\n`,
    problems: ['2:405: is one of more than 100 aliases'],
  },
  'nesting that would end the parser': {
    text: '['.repeat(60_000),
    problems: ['is nested more than 32 levels deep'],
  },
  'what it says of a key cannot move a cursor': {
    text: '"a\\e[2Jb": 1\n',
    problems: ['1:1: unknown key "a\\u{1b}[2Jb"'],
  },
};

for (const [name, { text, problems }] of Object.entries(badFiles)) {
  test(`rule 4.3: ${name}`, () => assert.deepEqual(problemsOf(text), problems));
}
