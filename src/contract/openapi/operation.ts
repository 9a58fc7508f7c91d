import { z } from 'zod';
import { eventStreamMediaType, jsonMediaType, type Access, type Endpoint } from '../endpoint.ts';
import type { Operation } from '../endpoints.ts';
import { errorCatalogue, type ErrorCode } from '../errors.ts';
import { problemMediaType, problemSchema, statusOfKind } from '../problem.ts';
import { schemaOf, type JsonObject } from './component-schemas.ts';

export function describeOperation({ id, group, endpoint }: Operation): JsonObject {
  return {
    operationId: id,
    tags: [group],
    summary: endpoint.summary,
    description: `Needs ${describeAccess(endpoint.access)}.`,
    parameters: parameters(endpoint),
    ...(endpoint.body === undefined ? {} : { requestBody: { required: true, content: json(endpoint.body) } }),
    ...(endpoint.rawBody === undefined ? {} : { requestBody: rawBody(endpoint.rawBody) }),
    ...(endpoint.upload === undefined ? {} : { requestBody: upload }),
    responses: { ...success(endpoint), ...problems(endpoint) },
    ...(endpoint.access.kind === 'public' ? { security: [] } : {}),
  };
}

const upload: JsonObject = {
  required: true,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};

function rawBody({ description }: NonNullable<Endpoint['rawBody']>): JsonObject {
  return { required: true, description, content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
}

function describeAccess(access: Access): string {
  if (access.kind === 'public') return 'no token';
  if (access.kind === 'token') return 'any valid token';
  const where = access.on === 'project' ? 'the project' : 'the whole installation';
  return `a token with the permission \`${access.permission}\` on ${where}`;
}

function parameters(endpoint: Endpoint): readonly JsonObject[] {
  return [
    ...members(endpoint.params).map((member) => ({ ...member, in: 'path', required: true })),
    ...members(endpoint.query).map((member) => ({ ...member, in: 'query', ...listStyle(member.schema) })),
    ...(endpoint.idempotent ? [idempotencyKey] : []),
    ...(endpoint.event === undefined ? [] : [lastEventId]),
  ];
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same request gives the same deployment.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
};

const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'Streams only: goes on after this event.',
  schema: { type: 'string', pattern: '^[0-9]+$' },
};

/** Lists in a query are one value, separated by commas. */
function listStyle(schema: JsonObject): JsonObject {
  return schema['type'] === 'array' ? { style: 'form', explode: false } : {};
}

function members(schema: z.ZodObject | undefined) {
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema?.shape ?? {};
  return Object.entries(shape).flatMap(([name, member]) => {
    if (!(member instanceof z.ZodType)) return [];
    const { description, ...rest } = schemaOf(member);
    const required = !member.safeParse(undefined).success && !(member instanceof z.ZodExactOptional);
    return [{ name, required, ...(description === undefined ? {} : { description }), schema: rest }];
  });
}

function success(endpoint: Endpoint): JsonObject {
  const answer = {
    description: endpoint.response === null ? 'Done' : 'The result',
    ...(endpoint.response === null ? {} : { content: { ...body(endpoint, endpoint.response), ...stream(endpoint) } }),
  };
  const replayed = { ...answer, description: 'The same request was made before; this is its deployment' };
  return { [endpoint.status]: answer, ...(endpoint.idempotent ? { 200: replayed } : {}) };
}

function body({ mediaType }: Endpoint, response: z.ZodType): JsonObject {
  return mediaType === undefined ? json(response) : { [mediaType]: { schema: schemaOf(response) } };
}

function stream(endpoint: Endpoint): JsonObject {
  if (endpoint.event === undefined) return {};
  return { [eventStreamMediaType]: { schema: { type: 'string' }, 'x-event-data': schemaOf(endpoint.event) } };
}

/** One response per status, naming the codes that may come with it. */
function problems(endpoint: Endpoint): JsonObject {
  const byStatus = Map.groupBy(errorCodes(endpoint), (code) => statusOfKind[errorCatalogue[code].kind]);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      { description: codes.join(', '), content: { [problemMediaType]: { schema: schemaOf(problemSchema) } } },
    ]),
  );
}

function errorCodes(endpoint: Endpoint): readonly ErrorCode[] {
  const validated = endpoint.params !== undefined || endpoint.query !== undefined || endpoint.body !== undefined;
  const codes: readonly ErrorCode[] = [
    ...(validated ? (['invalid_input'] as const) : []),
    ...(endpoint.access.kind === 'public' ? [] : (['unauthenticated', 'database_unavailable'] as const)),
    ...(endpoint.access.kind === 'permission' ? (['forbidden'] as const) : []),
    ...endpoint.errors,
    'host_refused',
    'internal',
  ];
  return [...new Set(codes)];
}

function json(schema: z.ZodType): JsonObject {
  return { [jsonMediaType]: { schema: schemaOf(schema) } };
}
