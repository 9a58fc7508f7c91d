import type { ProcessConfig } from '../app-config.ts';

/** `strong` wins name by name and, within a name, member by member; its order comes first. */
export function mergeProcesses<P extends ProcessConfig>(
  strong: readonly ProcessConfig[],
  weak: readonly P[],
): readonly (ProcessConfig | P)[] {
  const strongNames = new Set(strong.map(({ name }) => name));
  const weakByName = new Map(weak.map((process) => [process.name, process]));
  return [
    ...strong.map((process) => ({ ...weakByName.get(process.name), ...process })),
    ...weak.filter(({ name }) => !strongNames.has(name)),
  ];
}
