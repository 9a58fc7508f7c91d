import { z } from 'zod';
import type { DocumentPath } from '../../domain/app-config.ts';

/** Names a map may have at a path of a schema; none where any name goes, or where there is no map. */
export function knownKeys(schema: z.core.$ZodType, path: DocumentPath): readonly string[] {
  const inner = unwrap(schema);
  const [head, ...rest] = path;
  if (inner instanceof z.ZodUnion) {
    return inner.options.map((option) => knownKeys(option, path)).find((keys) => keys.length > 0) ?? [];
  }
  if (inner instanceof z.ZodRecord) return head === undefined ? [] : knownKeys(inner.valueType, rest);
  if (inner instanceof z.ZodArray) return head === undefined ? [] : knownKeys(inner.element, rest);
  if (!(inner instanceof z.ZodObject)) return [];
  if (head === undefined) return Object.keys(inner.shape);
  const shape: Readonly<Record<string, z.core.$ZodType>> = inner.shape;
  const member = Object.hasOwn(shape, head) ? shape[head] : inner.def.catchall;
  return member === undefined ? [] : knownKeys(member, rest);
}

/** What is checked before it is transformed or made optional. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrap(schema.in);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) return unwrap(schema.unwrap());
  return schema;
}
