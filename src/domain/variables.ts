/** Values in force for one instance or build. Later layers win (rule 4.2). */
export type Variables = Readonly<Record<string, string>>;

export interface VariableLayers {
  readonly platformDefaults: Variables;
  readonly project: Variables;
  readonly environment: Variables;
  readonly serviceCredentials: Variables;
  readonly injected: Variables;
}

export function mergeVariables(layers: VariableLayers): Variables {
  return {
    ...layers.platformDefaults,
    ...layers.project,
    ...layers.environment,
    ...layers.serviceCredentials,
    ...layers.injected,
  };
}

export interface InjectionContext {
  readonly port: number;
  readonly project: string;
  readonly environment: string;
  readonly deploymentNumber: number;
  readonly url: string;
  readonly commit: string;
}

/** What the platform tells every instance; nothing can override it. */
export function injectedVariables(context: InjectionContext): Variables {
  return {
    PORT: String(context.port),
    HOST: '0.0.0.0',
    CUTOVER_PROJECT: context.project,
    CUTOVER_ENVIRONMENT: context.environment,
    CUTOVER_DEPLOYMENT: String(context.deploymentNumber),
    CUTOVER_URL: context.url,
    CUTOVER_COMMIT: context.commit,
  };
}

/** POSIX name; what a shell and every container runtime accept. */
export const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
