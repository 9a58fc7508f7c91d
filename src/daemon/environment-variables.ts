/** The settings that come from the environment of the process; the only place that reads it. All are text as given. */
export interface EnvironmentVariables {
  readonly dataDir: string | undefined;
  readonly apiPort: string | undefined;
  readonly httpPort: string | undefined;
  readonly httpAddress: string | undefined;
  readonly baseDomain: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly gitProtocols: string | undefined;
  readonly networkPool: string | undefined;
  readonly dockerSocket: string | undefined;
  readonly platformId: string | undefined;
  readonly slots: string | undefined;
  readonly buildsAtOnce: string | undefined;
  readonly buildTimeoutSeconds: string | undefined;
  readonly databaseUser: string | undefined;
  readonly logLevel: string | undefined;
  readonly xdgDataHome: string | undefined;
  readonly home: string | undefined;
}

export function readEnvironmentVariables(env: NodeJS.ProcessEnv = process.env): EnvironmentVariables {
  return {
    dataDir: env['CUTOVER_DATA_DIR'],
    apiPort: env['CUTOVER_API_PORT'],
    httpPort: env['CUTOVER_HTTP_PORT'],
    httpAddress: env['CUTOVER_HTTP_ADDRESS'],
    baseDomain: env['CUTOVER_BASE_DOMAIN'],
    databaseUrl: env['DATABASE_URL'],
    gitProtocols: env['CUTOVER_GIT_PROTOCOLS'],
    networkPool: env['CUTOVER_NETWORK_POOL'],
    dockerSocket: env['CUTOVER_DOCKER_SOCKET'],
    platformId: env['CUTOVER_PLATFORM_ID'],
    slots: env['CUTOVER_ROUTER_SLOTS'],
    buildsAtOnce: env['CUTOVER_BUILDS_AT_ONCE'],
    buildTimeoutSeconds: env['CUTOVER_BUILD_TIMEOUT'],
    databaseUser: env['CUTOVER_DATABASE_USER'],
    logLevel: env['CUTOVER_LOG_LEVEL'],
    xdgDataHome: env['XDG_DATA_HOME'],
    home: env['HOME'],
  };
}
