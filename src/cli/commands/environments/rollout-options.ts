import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  rollbackSettingsSchema,
  settingsSchema,
  type WireSettingsChange,
} from '../../../contract/schemas/environment.ts';
import { parseDuration, parseWhole } from '../../output/quantities.ts';
import { given } from './given.ts';

type Rollback = NonNullable<WireSettingsChange['rollback']>;

/** How a new version takes over, and what happens when it is bad. */
export interface RolloutOptions {
  readonly canarySteps?: number[];
  readonly observation?: number;
  readonly standby?: NonNullable<WireSettingsChange['standby']>;
  readonly autoRollback?: boolean;
  readonly whenSlow?: NonNullable<Rollback['slow']>;
  readonly holdTimeout?: number;
  readonly oneOffTimeout?: number;
}

export function addRolloutOptions(command: Command): Command {
  const { standby } = settingsSchema.shape;
  const { slow } = rollbackSettingsSchema.shape;
  return command
    .option('--canary-steps <percents>', 'shares before all of the traffic, rising, such as 10,30', parseSteps)
    .option(
      '--observation <duration>',
      "how long the new version is compared with the old one; 'off' for not at all",
      parseObservation,
    )
    .addOption(
      new Option('--standby <kind>', 'how much of the old version stays up meanwhile').choices(standby.options),
    )
    .option('--auto-rollback', 'take back a version that turns out to be bad')
    .option('--no-auto-rollback', 'only say so')
    .addOption(new Option('--when-slow <action>', 'what a slower version gets').choices(slow.options))
    .option('--hold-timeout <duration>', 'time requests may wait while recreate has nothing running', parseDuration)
    .option('--one-off-timeout <duration>', 'time a release or contract step may take', parseDuration);
}

/** Only what was given. */
export function toRolloutChange(options: RolloutOptions) {
  const rollback: Rollback = given({ automatic: options.autoRollback, slow: options.whenSlow });
  return given({
    canarySteps: options.canarySteps,
    observationMs: options.observation,
    standby: options.standby,
    rollback: Object.keys(rollback).length === 0 ? undefined : rollback,
    holdTimeoutMs: options.holdTimeout,
    oneOffTimeoutMs: options.oneOffTimeout,
  });
}

function parseSteps(text: string): number[] {
  if (!/^\d+(,\d+)*$/.test(text)) throw new InvalidArgumentError('Write percents with commas between them: 10,30.');
  return text.split(',').map(parseWhole);
}

function parseObservation(text: string): number {
  return text === 'off' ? 0 : parseDuration(text);
}
