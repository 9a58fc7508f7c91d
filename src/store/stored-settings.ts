import { emptyAppConfig } from '../domain/app-config.ts';
import type { ConfigurationSnapshot } from '../domain/deployment.ts';
import { defaultEnvironmentSettings, type EnvironmentSettings } from '../domain/environment-settings.ts';

/** Settings as some version of the program wrote them: what came later is missing. */
export type StoredSettings = Partial<Omit<EnvironmentSettings, 'health' | 'rollback'>> & {
  readonly health?: Partial<EnvironmentSettings['health']>;
  readonly rollback?: Partial<EnvironmentSettings['rollback']>;
};

export type StoredConfiguration = Omit<ConfigurationSnapshot, 'settings' | 'appConfig'> & {
  readonly settings: StoredSettings;
  readonly appConfig?: ConfigurationSnapshot['appConfig'];
};

/** The one place where what is missing gets its default, so that a new setting needs no migration. */
export function completeSettings(stored: StoredSettings): EnvironmentSettings {
  return {
    ...defaultEnvironmentSettings,
    ...stored,
    health: { ...defaultEnvironmentSettings.health, ...stored.health },
    rollback: { ...defaultEnvironmentSettings.rollback, ...stored.rollback },
  };
}

export function completeConfiguration(stored: StoredConfiguration): ConfigurationSnapshot {
  return { appConfig: emptyAppConfig, ...stored, settings: completeSettings(stored.settings) };
}
