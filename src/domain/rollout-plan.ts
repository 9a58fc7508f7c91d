import type { ConfigurationSnapshot } from './deployment.ts';
import type { EnvironmentSettings, RolloutStrategy, Strategy } from './environment-settings.ts';
import { graceWithinHold } from './hold.ts';
import { workerProcesses } from './processes.ts';
import { exclusiveVolumes } from './volumes.ts';

/** What a deployment will do to what serves, said before it begins (rule 5.2). */
export interface RolloutPlan {
  /** The one that will be used: an exclusive volume makes it `recreate`, whatever the setting says. `auto` before that is decided. */
  readonly strategy: Strategy;
  /** One sentence each, for people. */
  readonly explanation: readonly string[];
}

export interface Replacing {
  /** The settings of what serves; null where nothing does. */
  readonly before: EnvironmentSettings | null;
  /** Whether instances or files will serve; null while that is not known. */
  readonly target: 'image' | 'static' | null;
}

/**
 * What the version that is replaced has to itself stays so until it is gone, whatever its successor says of that volume. `before`:
 * the settings of what serves; null where nothing does.
 */
export function settingsToReplace(
  settings: EnvironmentSettings,
  before: EnvironmentSettings | null,
): EnvironmentSettings {
  const alone = new Set(exclusiveVolumes(before?.volumes ?? []).map(({ name }) => name));
  const volumes = settings.volumes.map((volume) =>
    alone.has(volume.name) ? { ...volume, access: 'exclusive' as const } : volume,
  );
  return { ...settings, volumes };
}

/** From so many requests a second on, small shares tell soon enough whether the new version is good (`evidence-rule`, section 5). */
export const busyFrom = 1;

/** What `auto` comes to. `requestsPerSecond`: of what serves, over the last 10 minutes. */
export function chooseStrategy(requestsPerSecond: number): RolloutStrategy {
  return requestsPerSecond >= busyFrom ? 'canary' : 'rolling';
}

/** The strategy that the settings lead to (rules 5.2 and 5.10); `auto` that is not decided is `rolling`, as where nothing serves. */
export function effectiveStrategy({
  settings,
  chosenStrategy = 'rolling',
}: Pick<ConfigurationSnapshot, 'settings' | 'chosenStrategy'>): RolloutStrategy {
  if (exclusiveVolumes(settings.volumes).length > 0) return 'recreate';
  return settings.strategy === 'auto' ? chosenStrategy : settings.strategy;
}

/** As it will be used in place of what serves (see `settingsToReplace`). */
export function strategyToReplace(
  configuration: Pick<ConfigurationSnapshot, 'settings' | 'chosenStrategy'>,
  before: EnvironmentSettings | null,
): RolloutStrategy {
  return effectiveStrategy({ ...configuration, settings: settingsToReplace(configuration.settings, before) });
}

export function planRollout(own: EnvironmentSettings, replacing: Replacing): RolloutPlan {
  const { before } = replacing;
  const settings = settingsToReplace(own, before);
  if (replacing.target === 'static')
    return { strategy: 'blue-green', explanation: ['static files: one atomic switch', ...standbyLine(settings)] };
  const strategy = exclusiveVolumes(settings.volumes).length > 0 ? 'recreate' : settings.strategy;
  if (before === null)
    return { strategy, explanation: ['nothing serves yet: traffic comes when every instance has passed'] };
  return {
    strategy,
    explanation: [
      ...exclusiveVolumes(settings.volumes).map(({ name }) => `volume \`${name}\` is exclusive`),
      ...strategyLines(settings, strategy),
      ...(strategy === 'recreate' ? stopLine(settings, before) : []),
      ...workerProcesses(settings.processes).map(
        ({ name, replicas }) => `${replicas} ${name} replaced when everything has passed`,
      ),
      ...(strategy === 'recreate' ? ['no standby: going back is a start'] : standbyLine(settings)),
    ],
  };
}

function strategyLines(settings: EnvironmentSettings, strategy: Strategy): string[] {
  const { replicas } = settings;
  switch (strategy) {
    case 'rolling':
      return replicas === 1
        ? ['one new instance, then one atomic switch']
        : [`${replicas} instances replaced one by one, never fewer than ${replicas} in rotation`];
    case 'blue-green':
      return [`${replicas} new ${replicas === 1 ? 'instance' : 'instances'} side by side, then one atomic switch`];
    case 'auto':
      return [`canary where what serves had ${busyFrom} request a second in the last 10 minutes, else rolling`];
    case 'canary':
      return [
        `shares ${[...settings.canarySteps, 100].map((step) => `${step} %`).join(', ')}, none while the evidence is against the new version`,
      ];
    case 'recreate':
      return [
        `the old version stops before the new one starts; requests will be held up to ${seconds(settings.holdTimeoutMs)}`,
      ];
  }
}

/** It is a wish of the version that is replaced that cannot be granted. */
function stopLine({ holdTimeoutMs }: EnvironmentSettings, { stopGraceMs }: EnvironmentSettings): string[] {
  const graceMs = graceWithinHold(stopGraceMs, holdTimeoutMs, 0);
  if (graceMs === stopGraceMs) return [];
  return [`the old version has at most ${seconds(graceMs)} to stop, not its ${seconds(stopGraceMs)}: requests wait`];
}

function standbyLine({ standby, observationMs }: EnvironmentSettings): string[] {
  if (observationMs === 0 || standby === 'none') return ['the old version stops when it is drained'];
  return [`the old version stays on standby for ${seconds(observationMs)}`];
}

function seconds(ms: number): string {
  return ms >= 120_000 && ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
