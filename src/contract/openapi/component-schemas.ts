import { z } from 'zod';
import { namedSchemas } from '../schemas/named.ts';

export type JsonObject = { readonly [key: string]: unknown };

const prefix = '#/components/schemas/';

/** Every named schema by its name. `input`: what may be left out is not required. */
export function componentSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(namedSchemas, { io: 'input', uri: (id) => `${prefix}${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutHeader(schema)]));
}

/** A reference to a named schema; others are written in place. */
export function schemaOf(schema: z.ZodType): JsonObject {
  const name = namedSchemas.get(schema)?.id;
  return name === undefined ? withoutHeader(z.toJSONSchema(schema, { io: 'output' })) : { $ref: `${prefix}${name}` };
}

function withoutHeader(schema: object): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}
