import type { Variables } from '../../domain/variables.ts';
import type { StoredVariable, VariableScope, VariableStore } from '../ports/configuration-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { SnapshotVariables } from '../workflows/open-configuration.ts';

/** What the sealed value of a variable is bound to. */
export function variableRow(id: string): string {
  return `variable:${id}:value`;
}

/** The variables of every level in the clear, for the snapshot that a deployment takes. */
export async function variablesFor(
  store: VariableStore,
  secretBox: SecretBox,
  scope: VariableScope,
): Promise<SnapshotVariables> {
  const stored = await store.list(scope);
  const opened = stored.map((variable) => ({
    ...variable,
    value: secretBox.open(variable.sealed, variableRow(variable.id)),
  }));
  return {
    project: atLevel(opened, 'project'),
    environment: { ...atLevel(opened, 'preview'), ...atLevel(opened, 'environment') },
    secrets: opened.filter(({ secret }) => secret).map(({ value }) => value),
    build: opened.filter(({ build }) => build).map(({ name }) => name),
  };
}

function atLevel(
  variables: readonly (StoredVariable & { readonly value: string })[],
  level: StoredVariable['level'],
): Variables {
  return Object.fromEntries(variables.filter((one) => one.level === level).map(({ name, value }) => [name, value]));
}
