import { emptyAppConfig } from '../domain/app-config.ts';
import { defaultBuildSettings, type BuildSettings } from '../domain/build-settings.ts';
import type { ConfigurationSnapshot } from '../domain/deployment.ts';
import { defaultEnvironmentSettings, type EnvironmentSettings } from '../domain/environment-settings.ts';

/** Settings as some version of the program wrote them: what came later is missing. */
export type StoredSettings = Partial<Omit<EnvironmentSettings, 'health' | 'rollback'>> & {
  readonly health?: Partial<EnvironmentSettings['health']>;
  readonly rollback?: Partial<EnvironmentSettings['rollback']>;
};

export type StoredBuild = Partial<BuildSettings>;

export type StoredConfiguration = Omit<ConfigurationSnapshot, 'build' | 'settings' | 'appConfig'> & {
  readonly build: StoredBuild;
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

export function completeBuild(stored: StoredBuild): BuildSettings {
  return { ...defaultBuildSettings, ...stored };
}

export function completeConfiguration(stored: StoredConfiguration): ConfigurationSnapshot {
  const { build, settings } = stored;
  return { appConfig: emptyAppConfig, ...stored, build: completeBuild(build), settings: completeSettings(settings) };
}
