import { z } from 'zod';
import { closest } from './closest.ts';
import { CutoverError } from './errors.ts';

/** Checks a value from outside. Error: `invalid_input`, naming every wrong field, with a suggestion for unknown ones. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => describeIssue(issue, schema));
  throw new CutoverError('invalid_input', `${what}: ${problems.join('; ')}`);
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  if (issue.code === 'unrecognized_keys') {
    const known = knownFields(schema, issue.path);
    return issue.keys.map((key) => describeUnknown([...issue.path, key].join('.'), closest(key, known))).join('; ');
  }
  const where = issue.path.join('.');
  return where === '' ? issue.message : `${where}: ${issue.message}`;
}

function describeUnknown(field: string, suggestion: string | null): string {
  return suggestion === null ? `unknown field "${field}"` : `unknown field "${field}" (did you mean "${suggestion}"?)`;
}

/** Field names of the object at `path` inside a schema; none where that is no object. */
function knownFields(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const inner = unwrap(schema);
  const [head, ...rest] = path;
  if (inner instanceof z.ZodArray) return knownFields(inner.element, rest);
  if (!(inner instanceof z.ZodObject)) return [];
  if (head === undefined) return Object.keys(inner.shape);
  const member: unknown = inner.shape[String(head)];
  return member instanceof z.ZodType ? knownFields(member, rest) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap());
  }
  if (schema instanceof z.ZodExactOptional) return unwrap(schema.unwrap());
  return schema;
}
