/** The settings of the daemon and the environment variables they come from. */
const names = {
  dataDir: 'CUTOVER_DATA_DIR',
  apiPort: 'CUTOVER_API_PORT',
  httpPort: 'CUTOVER_HTTP_PORT',
  httpAddress: 'CUTOVER_HTTP_ADDRESS',
  baseDomain: 'CUTOVER_BASE_DOMAIN',
  databaseUrl: 'DATABASE_URL',
  databaseUser: 'CUTOVER_DATABASE_USER',
  gitProtocols: 'CUTOVER_GIT_PROTOCOLS',
  networkPool: 'CUTOVER_NETWORK_POOL',
  dockerSocket: 'CUTOVER_DOCKER_SOCKET',
  platformId: 'CUTOVER_PLATFORM_ID',
  slots: 'CUTOVER_ROUTER_SLOTS',
  buildsAtOnce: 'CUTOVER_BUILDS_AT_ONCE',
  buildTimeoutSeconds: 'CUTOVER_BUILD_TIMEOUT',
  haproxy: 'CUTOVER_HAPROXY',
  nginx: 'CUTOVER_NGINX',
  logLevel: 'CUTOVER_LOG_LEVEL',
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

/** The environment for a process that is to read the same settings. */
export function toEnvironment(variables: EnvironmentVariables): Record<string, string> {
  return Object.fromEntries(
    variableNames.flatMap((key) => {
      const value = variables[key];
      return value === undefined ? [] : [[names[key], value] as const];
    }),
  );
}

/** The environment variable behind a setting. */
export function nameOf(key: VariableName): string {
  return names[key];
}
