import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from '../../src/contract/endpoints.ts';
import { ApiUnderTest } from './in-memory/api-under-test.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly security?: readonly unknown[];
}

async function fetchDocument(): Promise<Document> {
  await using api = await ApiUnderTest.start();
  const answer = await api.request('GET', '/api/openapi.json', { token: null });
  assert.equal(answer.status, 200);
  return (await answer.json()) as Document;
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

test('rule 9.1: the OpenAPI 3.1 document has every endpoint once, with its path parameters and answers', async () => {
  const document = await fetchDocument();
  assert.match(document.openapi, /^3\.1\./);
  const found = Object.values(document.paths).flatMap((path) => Object.values(path));
  assert.deepEqual(
    found.map(({ operationId }) => operationId).toSorted(),
    operations()
      .map(({ id }) => id)
      .toSorted(),
  );
  for (const { id, endpoint } of operations()) {
    const operation = document.paths[endpoint.path]?.[endpoint.method.toLowerCase()] ?? assert.fail(id);
    const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
    const expected = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(inPath.map(({ name }) => name).toSorted(), expected.toSorted(), id);
    assert.ok(
      inPath.every(({ required }) => required),
      id,
    );
    assert.ok(operation.responses[String(endpoint.status)], id);
    assert.ok(endpoint.access.kind === 'public' || operation.responses['401'], id);
    assert.ok(
      Object.values(operation.responses).every(({ description }) => description !== ''),
      id,
    );
  }
});

test('every reference in the OpenAPI document has a target, and no schema is left unused', async () => {
  const document = await fetchDocument();
  const used = new Set(references(document).map((reference) => reference.replace('#/components/schemas/', '')));
  assert.deepEqual([...used].toSorted(), Object.keys(document.components.schemas).toSorted());
});

test('what may be left out is not required in the OpenAPI document', async () => {
  const document = await fetchDocument();
  const list = document.paths['/api/projects/{project}/deployments']?.['get']?.parameters ?? [];
  assert.deepEqual(
    list.filter(({ required }) => required).map(({ name }) => name),
    ['project'],
  );
  const names = document.paths['/api/projects/{project}/variables']?.['delete']?.parameters ?? [];
  assert.deepEqual(
    names.filter(({ required }) => required).map(({ name }) => name),
    ['project', 'names'],
  );
});
