import type { Variables } from './variables.ts';

/** A value that a build may read while it runs, as a build secret: it becomes no part of what is built (rule 3.4). */
export interface BuildSecret {
  /** Name of the variable, and id of the secret for a Dockerfile. */
  readonly name: string;
  readonly value: string;
  /** Equal for equal values of the same name; tells nothing of the value to whoever does not have the platform's key. */
  readonly fingerprint: string;
}

/** The build argument that marks where a planned Dockerfile may see the build's variables; its value changes with every secret. */
export const buildEnvironmentHash = 'BUILD_ENV_HASH';

/** The variables that a build is given, with the values that win (rule 4.2): those asked for at either level. */
export function buildVariables(levels: {
  readonly project: Variables;
  readonly environment: Variables;
  readonly build: readonly string[];
}): Variables {
  const all = { ...levels.project, ...levels.environment };
  const wanted = [...new Set(levels.build)].toSorted();
  return Object.fromEntries(wanted.flatMap((name) => (name in all ? [[name, all[name] ?? '']] : [])));
}
