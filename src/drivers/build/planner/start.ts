import { parse } from 'yaml';
import { appConfigFile, procfile } from '../../../domain/app-config.ts';
import { parseProcfile } from '../../../domain/app-config/procfile.ts';
import { shellCommand } from '../../../domain/app-config/shell-command.ts';
import { webProcess } from '../../../domain/processes.ts';
import type { App } from './app.ts';
import type { AppFiles } from './app-files.ts';

export interface StartCommand {
  /** Arguments of the container's first process. */
  readonly command: readonly string[];
  readonly reason: string;
}

/** What people said about the start: the setting, else `web` of cutover.yaml, else of the Procfile; null: nothing. */
export async function givenStart(app: Pick<App, 'files' | 'settings'>): Promise<StartCommand | null> {
  const { startCommand } = app.settings;
  if (startCommand !== null) {
    return { command: shellCommand(startCommand), reason: `start command from the settings: \`${startCommand}\`` };
  }
  const declared = (await fromAppConfig(app.files)) ?? (await fromProcfile(app.files));
  return declared;
}

/** Read for its command only; whether the file is right has been checked by whoever reads all of it. */
async function fromAppConfig(files: AppFiles): Promise<StartCommand | null> {
  const text = await files.read(appConfigFile);
  if (text === null) return null;
  const command = commandOf(member(member(parseOrNull(text), 'processes'), webProcess));
  return command === null ? null : { command, reason: `\`${webProcess}\` of ${appConfigFile}` };
}

function parseOrNull(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

function commandOf(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return shellCommand(value);
  if (Array.isArray(value)) return value.every((part) => typeof part === 'string') ? value : null;
  const inner = member(value, 'command');
  return inner === undefined ? null : commandOf(inner);
}

async function fromProcfile(files: AppFiles): Promise<StartCommand | null> {
  const { processes } = parseProcfile((await files.read(procfile)) ?? '');
  const command = processes.find(({ name }) => name === webProcess)?.command ?? null;
  return command === null ? null : { command, reason: `\`${webProcess}\` of the ${procfile}` };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
