import type { Command } from 'commander';
import { CutoverError } from '../../../contract/errors.ts';
import type { WireSettings } from '../../../contract/schemas/environment.ts';
import type { WireVolume } from '../../../contract/schemas/volume.ts';

export interface VolumeOptions {
  readonly volume?: readonly string[];
}

export function addVolumeOptions(command: Command): Command {
  return command.option(
    '--volume <name:path...>',
    "named volume, such as data:/data, with ':exclusive' for one writer and ':ro' for none; 'name:' removes it",
  );
}

/** All volumes as they are to be; undefined where no option touches them. `current` null: there are none yet. Error: `usage`. */
export function changeVolumes({ volume }: VolumeOptions, current: WireSettings | null): WireVolume[] | undefined {
  if (volume === undefined) return undefined;
  const volumes = new Map<string, WireVolume>(current?.volumes.map((one) => [one.name, one]));
  for (const text of volume) {
    const [name = '', path, ...flags] = text.split(':');
    if (name === '' || path === undefined) throw new CutoverError('usage', `"${text}" is not of the form name:path`);
    if (path === '' && flags.length === 0) volumes.delete(name);
    else volumes.set(name, { name, path, ...parseFlags(text, flags) });
  }
  return [...volumes.values()];
}

function parseFlags(text: string, flags: readonly string[]): Pick<WireVolume, 'access' | 'readOnly'> {
  const unknown = flags.find((flag) => !['shared', 'exclusive', 'ro'].includes(flag));
  if (unknown !== undefined) {
    throw new CutoverError('usage', `"${text}": "${unknown}" is none of shared, exclusive and ro`);
  }
  return { access: flags.includes('exclusive') ? 'exclusive' : 'shared', readOnly: flags.includes('ro') };
}
