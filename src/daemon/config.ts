import { availableParallelism, totalmem } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { CutoverError } from '../domain/errors.ts';
import type { BuildNetwork } from '../drivers/build/buildkit/build-network.ts';
import type { BuildAllowance } from '../drivers/build/limits/limit-files.ts';
import { addressRule } from '../drivers/outgoing/internal-addresses.ts';
import type { RepositoryLimits } from '../drivers/source/git/limits.ts';
import type { GitProtocol } from '../drivers/source/git/repository-url.ts';
import { nameOf, type EnvironmentVariables, type VariableName } from './environment-variables.ts';

/** Everything the daemon is told, checked. Ports may be 0 for tests: the system then chooses (not for the router). */
export interface Config {
  readonly dataDir: string;
  readonly api: { readonly host: '127.0.0.1'; readonly port: number };
  readonly router: { readonly address: string; readonly port: number; readonly slots: number };
  readonly baseDomain: string;
  /** Where the router answers for the platform itself: Git and webhooks. */
  readonly publicHost: string;
  readonly database:
    | { readonly kind: 'embedded'; readonly user: string | null }
    | { readonly kind: 'external'; readonly url: string };
  readonly gitProtocols: readonly GitProtocol[];
  readonly source: {
    /** Of each Git command. */
    readonly timeoutMs: number;
    readonly gitLfs: string;
    readonly limits: RepositoryLimits;
  };
  /** Of one upload. */
  readonly uploadBytes: number;
  readonly networkPool: string;
  readonly dockerSocket: string;
  /** null: the one kept in the data directory. */
  readonly platformId: string | null;
  readonly buildsAtOnce: number;
  readonly buildTimeoutMs: number;
  /** What builds may use together. */
  readonly buildAllowance: BuildAllowance;
  readonly buildNetwork: BuildNetwork;
  /** Addresses and networks that are internal and may be asked all the same. */
  readonly allowInternal: readonly string[];
  /** Name or path; it need not be there. */
  readonly nixpacks: string;
  /** Paths of the programs. */
  readonly haproxyBin: string;
  readonly nginxBin: string;
  readonly logLevel: string;
  /** Directory of a crash test that kills this process at numbered points; null outside of tests. */
  readonly crashPoints: string | null;
}

/** Found by its name. */
export const defaultNixpacks = 'nixpacks';

/** More than any machine has use for, and few enough to be declared in advance. */
export const largestSlots = 10_000;

/** Error: `invalid_input`, naming the variable. */
export function readConfig(variables: EnvironmentVariables, isRoot: boolean): Config {
  const { databaseUrl, databaseUser } = variables;
  return {
    dataDir: dataDirectory(variables, isRoot),
    ...ports(variables),
    ...names(variables),
    database:
      databaseUrl === undefined
        ? { kind: 'embedded', user: databaseUser ?? null }
        : { kind: 'external', url: databaseUrl },
    gitProtocols: protocols(variables),
    source: source(variables),
    uploadBytes: 1024 ** 2 * integer(variables, 'uploadMb', { fallback: 4_096, min: 1, max: 1_048_576 }),
    networkPool: variables.networkPool ?? '10.210.0.0/16',
    dockerSocket: variables.dockerSocket ?? '/var/run/docker.sock',
    platformId: platformId(variables),
    buildsAtOnce: integer(variables, 'buildsAtOnce', { fallback: halfTheCores(), min: 1, max: 64 }),
    buildTimeoutMs: 1_000 * integer(variables, 'buildTimeoutSeconds', { fallback: 1_800, min: 1, max: 86_400 }),
    buildAllowance: buildAllowance(variables),
    buildNetwork: buildNetwork(variables),
    allowInternal: allowInternal(variables),
    nixpacks: variables.nixpacks ?? defaultNixpacks,
    haproxyBin: variables.haproxy ?? '/usr/sbin/haproxy',
    nginxBin: variables.nginx ?? '/usr/sbin/nginx',
    logLevel: variables.logLevel ?? 'info',
    crashPoints: variables.crashPoints ?? null,
  };
}

const hostName = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

function names(variables: EnvironmentVariables): Pick<Config, 'baseDomain' | 'publicHost'> {
  const baseDomain = (variables.baseDomain ?? 'localhost').toLowerCase();
  const publicHost = (variables.publicHost ?? `cutover.${baseDomain}`).toLowerCase();
  if (!hostName.test(publicHost)) refuse('publicHost', publicHost, 'a host name such as cutover.example.com is needed');
  return { baseDomain, publicHost };
}

function source(variables: EnvironmentVariables): Config['source'] {
  const mebibytes = (key: 'repositoryMb' | 'checkoutMb', fallback: number) =>
    1024 ** 2 * integer(variables, key, { fallback, min: 1, max: 1_048_576 });
  return {
    timeoutMs: 1_000 * integer(variables, 'gitTimeoutSeconds', { fallback: 600, min: 1, max: 86_400 }),
    gitLfs: variables.gitLfs ?? 'git-lfs',
    limits: {
      mirrorBytes: mebibytes('repositoryMb', 2_048),
      files: integer(variables, 'checkoutFiles', { fallback: 200_000, min: 1, max: 100_000_000 }),
      bytes: mebibytes('checkoutMb', 4_096),
    },
  };
}

function buildNetwork(variables: EnvironmentVariables): BuildNetwork {
  const { buildCaFile, buildHttpProxy, buildHttpsProxy, buildNoProxy } = variables;
  if (buildCaFile !== undefined && !isAbsolute(buildCaFile))
    refuse('buildCaFile', buildCaFile, 'an absolute path is needed');
  return {
    certificatesFile: buildCaFile ?? null,
    httpProxy: proxyUrl('buildHttpProxy', buildHttpProxy),
    httpsProxy: proxyUrl('buildHttpsProxy', buildHttpsProxy),
    noProxy: buildNoProxy ?? null,
  };
}

function allowInternal({ allowInternal: text = '' }: EnvironmentVariables): readonly string[] {
  const networks = text.split(',').flatMap((network) => (network.trim() === '' ? [] : [network.trim()]));
  addressRule(networks);
  return networks;
}

function proxyUrl(key: VariableName, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (isProxyUrl(text)) return text;
  // It may hold a password.
  return refuse(key, text.replace(/^(.*?\/\/)?.*@/, '$1…@'), 'a URL such as http://proxy:3128 is needed');
}

/** With a password it must be one that can be read: signs that mean something in URLs are written as `%40`. */
function isProxyUrl(text: string): boolean {
  if (!URL.canParse(text) || !/^(https?|socks5h?):\/\//.test(text)) return false;
  return !/%(?![0-9a-f]{2})/i.test(new URL(text).password);
}

/** Half of the machine's memory, and a sixteenth of what a container may have of the processors where both want all of them. */
function buildAllowance(variables: EnvironmentVariables): BuildAllowance {
  const halfMb = Math.floor(totalmem() / 2 / 1024 ** 2);
  return {
    memoryBytes: 1024 ** 2 * integer(variables, 'buildMemoryMb', { fallback: halfMb, min: 64, max: 16_777_216 }),
    cpuShares: integer(variables, 'buildCpuShares', { fallback: 64, min: 2, max: 1024 }),
    processes: integer(variables, 'buildProcesses', { fallback: 4_096, min: 64, max: 4_194_304 }),
  };
}

function ports(variables: EnvironmentVariables): Pick<Config, 'api' | 'router'> {
  const apiPort = integer(variables, 'apiPort', { fallback: 7080, min: 0, max: 65_535 });
  const port = integer(variables, 'httpPort', { fallback: 8080, min: 1, max: 65_535 });
  if (apiPort === port)
    refuse('httpPort', String(port), `another port than the API's (${nameOf('apiPort')}) is needed`);
  const slots = integer(variables, 'slots', { fallback: 1_000, min: 10, max: largestSlots });
  return {
    api: { host: '127.0.0.1', port: apiPort },
    router: { address: variables.httpAddress ?? '*', port, slots },
  };
}

/** Where data is kept when nothing else is said. */
export function defaultDataDirectory(variables: EnvironmentVariables, isRoot: boolean): string {
  if (isRoot) return '/var/lib/cutover';
  return join(variables.xdgDataHome ?? join(variables.home ?? '/tmp', '.local', 'share'), 'cutover');
}

function dataDirectory(variables: EnvironmentVariables, isRoot: boolean): string {
  const chosen = variables.dataDir ?? defaultDataDirectory(variables, isRoot);
  if (!isAbsolute(chosen)) refuse('dataDir', chosen, 'an absolute path is needed');
  return chosen;
}

const knownProtocols: readonly GitProtocol[] = ['https', 'ssh', 'http', 'file'];

function protocols({ gitProtocols = 'https,ssh' }: EnvironmentVariables): GitProtocol[] {
  return gitProtocols.split(',').map((name) => {
    const known = knownProtocols.find((protocol) => protocol === name.trim());
    return known ?? refuse('gitProtocols', gitProtocols, `known are ${knownProtocols.join(', ')}`);
  });
}

function platformId({ platformId: text }: EnvironmentVariables): string | null {
  if (text === undefined) return null;
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(text))
    refuse('platformId', text, 'lower case letters, digits and hyphens are needed');
  return text;
}

function halfTheCores(): number {
  return Math.max(1, Math.floor(availableParallelism() / 2));
}

interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

function integer(variables: EnvironmentVariables, key: VariableName, { fallback, min, max }: Range): number {
  const text = variables[key];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    refuse(key, text, `a whole number from ${min} to ${max} is needed`);
  return value;
}

function refuse(key: VariableName, value: string, needed: string): never {
  throw new CutoverError('invalid_input', `${nameOf(key)} is "${value}": ${needed}`);
}
