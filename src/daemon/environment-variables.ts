/** The settings of the daemon and the environment variables they come from. */
const names = {
  dataDir: 'CUTOVER_DATA_DIR',
  apiPort: 'CUTOVER_API_PORT',
  httpPort: 'CUTOVER_HTTP_PORT',
  httpAddress: 'CUTOVER_HTTP_ADDRESS',
  baseDomain: 'CUTOVER_BASE_DOMAIN',
  publicHost: 'CUTOVER_PUBLIC_HOST',
  databaseUrl: 'DATABASE_URL',
  databaseUser: 'CUTOVER_DATABASE_USER',
  gitProtocols: 'CUTOVER_GIT_PROTOCOLS',
  gitTimeoutSeconds: 'CUTOVER_GIT_TIMEOUT',
  gitLfs: 'CUTOVER_GIT_LFS',
  nixpacks: 'CUTOVER_NIXPACKS',
  repositoryMb: 'CUTOVER_REPOSITORY_MB',
  checkoutFiles: 'CUTOVER_CHECKOUT_FILES',
  checkoutMb: 'CUTOVER_CHECKOUT_MB',
  uploadMb: 'CUTOVER_UPLOAD_MB',
  networkPool: 'CUTOVER_NETWORK_POOL',
  dockerSocket: 'CUTOVER_DOCKER_SOCKET',
  platformId: 'CUTOVER_PLATFORM_ID',
  slots: 'CUTOVER_ROUTER_SLOTS',
  buildsAtOnce: 'CUTOVER_BUILDS_AT_ONCE',
  buildTimeoutSeconds: 'CUTOVER_BUILD_TIMEOUT',
  buildCaFile: 'CUTOVER_BUILD_CA_FILE',
  buildHttpProxy: 'CUTOVER_BUILD_HTTP_PROXY',
  buildHttpsProxy: 'CUTOVER_BUILD_HTTPS_PROXY',
  buildNoProxy: 'CUTOVER_BUILD_NO_PROXY',
  buildMemoryMb: 'CUTOVER_BUILD_MEMORY_MB',
  buildCpuShares: 'CUTOVER_BUILD_CPU_SHARES',
  buildProcesses: 'CUTOVER_BUILD_PROCESSES',
  allowInternal: 'CUTOVER_ALLOW_INTERNAL',
  haproxy: 'CUTOVER_HAPROXY',
  nginx: 'CUTOVER_NGINX',
  logLevel: 'CUTOVER_LOG_LEVEL',
  crashPoints: 'CUTOVER_CRASH_POINTS',
  xdgDataHome: 'XDG_DATA_HOME',
  home: 'HOME',
} as const;

export type VariableName = keyof typeof names;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
export const variableNames = Object.keys(names) as VariableName[];

/** Text as given; what is not set is missing. */
export type EnvironmentVariables = Partial<Readonly<Record<VariableName, string>>>;

/** The only place that reads the environment of the process. */
export function readEnvironmentVariables(env: NodeJS.ProcessEnv = process.env): EnvironmentVariables {
  const given = variableNames.flatMap((key) => {
    const value = env[names[key]];
    return value === undefined || value === '' ? [] : [[key, value] as const];
  });
  return Object.fromEntries(given);
}

/**
 * The environment for a process that is to read these settings and no others: of our own environment it gets what is not a
 * setting of the platform (the path, the proxy, the certificates), and nothing that only we were told.
 */
export function toEnvironment(
  variables: EnvironmentVariables,
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const foreign = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || isSetting(name) ? [] : [[name, value] as const],
  );
  const settings = variableNames.flatMap((key) => {
    const value = variables[key];
    return value === undefined ? [] : [[names[key], value] as const];
  });
  return Object.fromEntries([...foreign, ...settings]);
}

function isSetting(name: string): boolean {
  return /^(DATABASE_URL$|CUTOVER_)/.test(name);
}

/** The environment variable behind a setting. */
export function nameOf(key: VariableName): string {
  return names[key];
}
