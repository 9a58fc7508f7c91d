import { CutoverError } from '../../domain/errors.ts';
import { isPreviewName, isReservedName, nameLabel } from '../../domain/hosts.ts';
import { environmentSettingsProblem, type SettingsProblem } from '../../domain/settings-rules.ts';
import type { EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { SettingsChange } from './commands.ts';

const longestLabel = 63;

/** Throws `invalid_input` for what cannot be the name of a project or environment. */
export function checkName(what: 'project' | 'environment', name: string): void {
  if (!nameLabel.test(name)) {
    throw new CutoverError(
      'invalid_input',
      `name: "${name}" cannot be the name of a${what === 'environment' ? 'n' : ''} ${what}: ` +
        'use 1 to 40 lower case letters, digits and hyphens, with no hyphen at either end',
    );
  }
  if (isReservedName(name)) throw new CutoverError('invalid_input', `name: "${name}" is reserved for the platform`);
  if (isPreviewName(name))
    throw new CutoverError('invalid_input', `name: "${name}" begins like the name of a pull request's preview`);
}

/** Names that are legal each for themselves can be too long together. */
export function checkHost(host: string): void {
  const label = host.split('.')[0] ?? '';
  if (label.length <= longestLabel) return;
  throw new CutoverError(
    'invalid_input',
    `name: "${label}" would be the first part of the host, and has ${label.length} characters of at most ${longestLabel}`,
  );
}

/** The settings with the change in them. Throws `invalid_input` that names the field, and what `checkBranch` throws. */
export function changedSettings(
  current: EnvironmentSettings,
  change: SettingsChange,
  checkBranch: (branch: string) => void,
): EnvironmentSettings {
  const settings = {
    ...current,
    ...change,
    health: { ...current.health, ...change.health },
    rollback: { ...current.rollback, ...change.rollback },
  };
  refuse(environmentSettingsProblem(settings));
  if (change.branch !== undefined) checkBranch(change.branch);
  return settings;
}

/** Throws `invalid_input` that names the field. */
export function refuse(problem: SettingsProblem | null): void {
  if (problem !== null) throw new CutoverError('invalid_input', `${problem.field} ${problem.message}`);
}
