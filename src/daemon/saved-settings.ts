import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { defaultDataDirectory } from './config.ts';
import { writeAtomically } from './data-directory.ts';
import { variableNames, type EnvironmentVariables } from './environment-variables.ts';

const settingsSchema = z.partialRecord(z.enum(variableNames), z.string());

/**
 * A platform remembers the settings it last started with, so that it comes up the same after a reboot. What is given anew wins.
 * The file is readable by its owner alone: it may hold a database's password.
 */
export async function withSavedSettings(given: EnvironmentVariables, isRoot: boolean): Promise<EnvironmentVariables> {
  const dataDir = given.dataDir ?? defaultDataDirectory(given, isRoot);
  try {
    const saved = parseSettings(JSON.parse(await readFile(fileIn(dataDir), 'utf8')));
    return { ...saved, ...given, dataDir };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES'))
      return { ...given, dataDir };
    throw error;
  }
}

export function parseSettings(saved: unknown): EnvironmentVariables {
  return settingsSchema.parse(saved);
}

export async function saveSettings(variables: EnvironmentVariables, dataDir: string): Promise<void> {
  const { xdgDataHome: _xdg, home: _home, crashPoints: _crashPoints, ...kept } = variables;
  await writeAtomically(fileIn(dataDir), `${JSON.stringify(kept, null, 2)}\n`, 0o600);
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'settings.json');
}
