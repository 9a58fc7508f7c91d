import { CutoverError } from '../domain/errors.ts';
import { readConfig } from './config.ts';
import { runControlPlane } from './control-plane.ts';
import { readEnvironmentVariables } from './environment-variables.ts';
import { createOperatorLog } from './operator-log.ts';
import { saveSettings, withSavedSettings } from './saved-settings.ts';

/** The control plane as a process of its own: `node server-main.ts`, configured by the environment, ended by SIGTERM. */
const isRoot = process.getuid?.() === 0;
const variables = await withSavedSettings(readEnvironmentVariables(), isRoot);
const config = readConfig(variables, isRoot);
const log = createOperatorLog(config.logLevel);
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(new Error(signal)));

try {
  await runControlPlane(config, { log, signal: stop.signal, onReady: () => saveSettings(variables, config.dataDir) });
} catch (error) {
  const said = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  process.exitCode = 1;
  if (stop.signal.aborted) log.warn({ error: said }, 'the control plane was stopped in the middle of something');
  else log.error({ ...codeOf(error), error: said, stack }, 'the control plane cannot run');
}

function codeOf(error: unknown): { readonly code: string; readonly next?: string } {
  return error instanceof CutoverError ? { code: error.code, next: error.next } : { code: 'internal' };
}
