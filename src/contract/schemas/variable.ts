import { z } from 'zod';
import { variableLevels } from '../../domain/project.ts';
import { variableName } from '../../domain/variables.ts';
import { named } from './named.ts';

const nameSchema = z
  .string()
  .regex(variableName, 'must be a variable name: letters, digits and _, not beginning with a digit, at most 128');

export const variableSchema = named(
  'Variable',
  z.object({
    name: z.string(),
    value: z.string().nullable().meta({ description: 'null for a secret: it is never shown again.' }),
    secret: z.boolean(),
    build: z.boolean().meta({ description: 'Given to builds too, as a build secret.' }),
    level: z.enum(variableLevels),
    updatedAt: z.string(),
  }),
);
export type WireVariable = z.output<typeof variableSchema>;

export const variableListSchema = named('VariableList', z.object({ variables: z.array(variableSchema) }));

export const setVariablesSchema = named(
  'SetVariables',
  z.strictObject({
    variables: z
      .array(
        z.strictObject({
          name: nameSchema,
          value: z
            .string()
            .max(131_072)
            .refine((value) => !value.includes('\0'), 'must not contain NUL'),
          secret: z.boolean(),
          build: z.boolean().default(false).meta({ description: 'Give it to builds too, as a build secret.' }),
        }),
      )
      .min(1)
      .max(500),
  }),
);

/** Names separated by commas. */
export const variableNamesSchema = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(nameSchema).min(1).max(500));

export const removedVariablesSchema = named(
  'RemovedVariables',
  z.object({ removed: z.array(z.string()).meta({ description: 'The names that existed.' }) }),
);
