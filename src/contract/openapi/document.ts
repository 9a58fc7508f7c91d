import { operations } from '../endpoints.ts';
import { componentSchemas, type JsonObject } from './component-schemas.ts';
import { describeOperation } from './operation.ts';

/** The OpenAPI 3.1 document of the whole API, made from the endpoint table. `version` is the product's. */
export function openApiDocument(version: string): JsonObject {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Cutover',
      version,
      description:
        'Deployments from a Git commit to zero-downtime traffic. Errors are problem documents with a stable code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: paths(),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: componentSchemas(),
    },
  };
}

function paths(): JsonObject {
  const byPath: Record<string, JsonObject> = {};
  for (const operation of operations()) {
    const { path, method } = operation.endpoint;
    byPath[path] = { ...byPath[path], [method.toLowerCase()]: describeOperation(operation) };
  }
  return byPath;
}
