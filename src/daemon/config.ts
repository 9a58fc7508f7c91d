import { availableParallelism } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CutoverError } from '../domain/errors.ts';
import type { GitProtocol } from '../drivers/source/git/repository-url.ts';
import type { EnvironmentVariables } from './environment-variables.ts';

/** Everything the daemon is told, checked. Ports may be 0 for tests: the system then chooses (not for the router). */
export interface Config {
  readonly dataDir: string;
  readonly api: { readonly host: '127.0.0.1'; readonly port: number };
  readonly router: { readonly address: string; readonly port: number; readonly slots: number };
  readonly baseDomain: string;
  readonly database: { readonly kind: 'embedded'; readonly user: string | null } | { readonly kind: 'external'; readonly url: string };
  readonly gitProtocols: readonly GitProtocol[];
  readonly networkPool: string;
  readonly dockerSocket: string;
  /** null: the one kept in the data directory. */
  readonly platformId: string | null;
  readonly buildsAtOnce: number;
  readonly buildTimeoutMs: number;
  readonly logLevel: string;
}

/** Error: `invalid_input`, naming the variable. */
export function readConfig(variables: EnvironmentVariables, isRoot: boolean): Config {
  return {
    dataDir: dataDirectory(variables, isRoot),
    api: { host: '127.0.0.1', port: port('CUTOVER_API_PORT', variables.apiPort, 7080) },
    router: {
      address: variables.httpAddress ?? '*',
      port: port('CUTOVER_HTTP_PORT', variables.httpPort, 8080),
      slots: integer('CUTOVER_ROUTER_SLOTS', variables.slots, { fallback: 1_000, min: 10, max: 10_000 }),
    },
    baseDomain: (variables.baseDomain ?? 'localhost').toLowerCase(),
    database:
      variables.databaseUrl === undefined
        ? { kind: 'embedded', user: variables.databaseUser ?? null }
        : { kind: 'external', url: variables.databaseUrl },
    gitProtocols: protocols(variables.gitProtocols ?? 'https,ssh'),
    networkPool: variables.networkPool ?? '10.210.0.0/16',
    dockerSocket: variables.dockerSocket ?? '/var/run/docker.sock',
    platformId: platformId(variables.platformId),
    buildsAtOnce: integer('CUTOVER_BUILDS_AT_ONCE', variables.buildsAtOnce, {
      fallback: Math.max(1, Math.floor(availableParallelism() / 2)),
      min: 1,
      max: 64,
    }),
    buildTimeoutMs: 1_000 * integer('CUTOVER_BUILD_TIMEOUT', variables.buildTimeoutSeconds, { fallback: 1_800, min: 1, max: 86_400 }),
    logLevel: variables.logLevel ?? 'info',
  };
}

function dataDirectory(variables: EnvironmentVariables, isRoot: boolean): string {
  const own = variables.xdgDataHome ?? join(variables.home ?? '/tmp', '.local', 'share');
  const chosen = variables.dataDir ?? (isRoot ? '/var/lib/cutover' : join(own, 'cutover'));
  if (!isAbsolute(chosen)) refuse('CUTOVER_DATA_DIR', chosen, 'an absolute path is needed');
  return chosen;
}

const knownProtocols: readonly GitProtocol[] = ['https', 'ssh', 'http', 'file'];

function protocols(text: string): GitProtocol[] {
  return text.split(',').map((name) => {
    const known = knownProtocols.find((protocol) => protocol === name.trim());
    return known ?? refuse('CUTOVER_GIT_PROTOCOLS', text, `known are ${knownProtocols.join(', ')}`);
  });
}

function platformId(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(text)) refuse('CUTOVER_PLATFORM_ID', text, 'lower case letters, digits and hyphens are needed');
  return text;
}

function port(name: string, text: string | undefined, fallback: number): number {
  return integer(name, text, { fallback, min: 0, max: 65_535 });
}

function integer(name: string, text: string | undefined, range: { readonly fallback: number; readonly min: number; readonly max: number }): number {
  if (text === undefined) return range.fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < range.min || value > range.max) {
    refuse(name, text, `a whole number from ${range.min} to ${range.max} is needed`);
  }
  return value;
}

function refuse(name: string, value: string, needed: string): never {
  throw new CutoverError('invalid_input', `${name} is "${value}": ${needed}`);
}
