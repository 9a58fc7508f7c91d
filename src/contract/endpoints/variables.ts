import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  removedVariablesSchema,
  setVariablesSchema,
  variableListSchema,
  variableNamesSchema,
} from '../schemas/variable.ts';
import { environmentParams, onProject, projectParams } from './access.ts';

const names = z.strictObject({ names: variableNamesSchema.meta({ description: 'Names separated by commas.' }) });

function variablesAt<const P extends string, S extends z.ZodObject>(path: P, params: S, level: string) {
  return {
    list: endpoint({
      method: 'GET',
      path,
      summary: `List the variables of ${level}; values of secrets are not shown`,
      access: onProject('read'),
      params,
      status: 200,
      response: variableListSchema,
      errors: ['not_found'],
    }),
    set: endpoint({
      method: 'PUT',
      path,
      summary: `Set variables of ${level}; others stay as they are`,
      access: onProject('configure'),
      params,
      body: setVariablesSchema,
      status: 204,
      response: null,
      errors: ['not_found'],
    }),
    unset: endpoint({
      method: 'DELETE',
      path,
      summary: `Remove variables of ${level}`,
      access: onProject('configure'),
      params,
      query: names,
      status: 200,
      response: removedVariablesSchema,
      errors: ['not_found'],
    }),
  } as const;
}

export const projectVariableEndpoints = variablesAt(
  '/api/projects/{project}/variables',
  projectParams,
  'a project, which apply to all its environments',
);

export const previewVariableEndpoints = variablesAt(
  '/api/projects/{project}/preview-variables',
  projectParams,
  'all previews of a project, beside those of the project',
);

export const environmentVariableEndpoints = variablesAt(
  '/api/projects/{project}/environments/{environment}/variables',
  environmentParams,
  'an environment, beside those of its project',
);
