import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { z } from 'zod';
import { appConfigJsonSchema, appConfigSchema } from '../../../src/contract/schemas/app-config.ts';

const published = new URL('../../../docs/cutover.schema.json', import.meta.url);

test('rule 4.3: docs/cutover.schema.json is the schema of the file (UPDATE_GOLDEN=1 writes it anew)', () => {
  const schema = JSON.parse(JSON.stringify(appConfigJsonSchema())) as unknown;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(published, `${JSON.stringify(schema, null, 2)}\n`);
  assert.deepEqual(JSON.parse(readFileSync(published, 'utf8')), schema);
});

test('rule 4.3: the JSON Schema takes what the reader takes, and refuses what it refuses', () => {
  const editor = z.fromJSONSchema(JSON.parse(readFileSync(published, 'utf8')) as z.core.JSONSchema.JSONSchema);
  const documents: [unknown, boolean][] = [
    [{}, true],
    [{ processes: { web: 'a', worker: { command: ['a'], replicas: 2 } }, release: 'a' }, true],
    [{ drainTimeout: '30s', observation: 0, resources: { memory: '1GB' }, port: 'auto' }, true],
    [{ volumes: { data: { path: '/data', access: 'shared' } }, health: { status: '200-399' } }, true],
    [{ drainTimeout: '30 days' }, false],
    [{ proceses: {} }, false],
    [{ processes: { Web: 'a' } }, false],
    [{ processes: { web: { command: 'a', replicas: 2 } } }, false],
    [{ replicas: 33 }, false],
    [{ volumes: { data: { path: '/data' } } }, false],
    [{ health: null }, false],
  ];
  for (const [document, fine] of documents) {
    const text = JSON.stringify(document);
    assert.equal(appConfigSchema.safeParse(document).success, fine, text);
    assert.equal(editor.safeParse(document).success, fine, `in an editor: ${text}`);
  }
});
