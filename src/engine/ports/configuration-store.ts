import type { BuildSettings } from '../../domain/build-settings.ts';
import type { EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { Environment, Project, VariableLevel } from '../../domain/project.ts';
import type { RegistryCredentialFacts } from '../../domain/registry-credential.ts';
import type { CredentialFacts } from '../../domain/repository-credential.ts';
import type { Actor, Role } from '../../domain/roles.ts';

/**
 * What projects are set to, kept in the database. Projects and environments that are being deleted are as good as gone: they
 * are not found and not listed, though their names and hosts stay taken until the engine has removed them.
 * Error of all: `database_unavailable`. Every method is one transaction. Ids and times are given as strings (UUID, ISO 8601).
 */
export interface ConfigurationStore {
  readonly projects: ProjectStore;
  readonly environments: EnvironmentStore;
  readonly variables: VariableStore;
  readonly credentials: CredentialStore;
  readonly registries: RegistryStore;
  readonly tokens: TokenStore;
}

export interface ProjectStore {
  /** With its first environment. Errors: `already_exists`, `host_taken`. */
  create(project: NewProjectRecord, production: NewEnvironmentRecord): Promise<Project>;
  /** By name, at most 1,000; `only`: the one of that name. */
  list(only: string | null): Promise<readonly Project[]>;
  find(name: string): Promise<Project | null>;
  /** `change` gets the project as it is now, and nobody changes it in between; what it throws is thrown. null: not found. */
  update(name: string, change: (current: Project) => ProjectFields): Promise<Project | null>;
  /** Marks the project and its environments for deletion; false when there is no such project. Asking twice is fine. */
  markDeleting(name: string): Promise<boolean>;
}

export interface ProjectFields {
  readonly repository: string | null;
  readonly build: BuildSettings;
}

export interface NewProjectRecord extends ProjectFields {
  readonly id: string;
  readonly name: string;
}

export interface NewEnvironmentRecord {
  readonly id: string;
  readonly name: string;
  readonly settings: EnvironmentSettings;
  /** Its own first. */
  readonly hosts: readonly string[];
}

export interface EnvironmentStore {
  /** null: no such project. Errors: `already_exists`, `host_taken`. */
  create(projectId: string, environment: NewEnvironmentRecord): Promise<Environment | null>;
  /** `production` first, then by name. */
  list(projectId: string): Promise<readonly Environment[]>;
  find(projectId: string, name: string): Promise<Environment | null>;
  /** `change` gets the settings as they are now, and nobody changes them in between; what it throws is thrown. null: not found. */
  updateSettings(
    projectId: string,
    name: string,
    change: (current: EnvironmentSettings) => EnvironmentSettings,
  ): Promise<Environment | null>;
  /** Lets deployments begin by themselves again; null: not found. */
  resumeAutoDeploy(projectId: string, name: string): Promise<Environment | null>;
  /** False when there is no such environment. Asking twice is fine. */
  markDeleting(projectId: string, name: string): Promise<boolean>;
}

/** Where a variable stands; `environmentId` null is the project level or, with `previews`, the level of all its previews. */
export interface VariableScope {
  readonly projectId: string;
  readonly environmentId: string | null;
  readonly previews?: boolean;
}

/** `sealed` is bound to `variableRow(id)`, so a row that is replaced gets the new id with the new value. */
export interface VariableRecord {
  readonly id: string;
  readonly name: string;
  readonly sealed: string;
  readonly secret: boolean;
  /** Given to builds too. */
  readonly build: boolean;
}

export interface StoredVariable extends VariableRecord {
  readonly level: VariableLevel;
  readonly updatedAt: string;
}

export interface VariableStore {
  /** By name, then by level. The project's, and with an environment its own, those of previews where it is one, or they are asked for. */
  list(scope: VariableScope): Promise<readonly StoredVariable[]>;
  /** All or none; names are distinct. False when project or environment is gone. */
  set(scope: VariableScope, variables: readonly VariableRecord[]): Promise<boolean>;
  /** Of exactly that level; the names that existed. */
  unset(scope: VariableScope, names: readonly string[]): Promise<readonly string[]>;
}

/** `sealed` is bound to `id`, which is another one whenever it is set. */
export interface NewCredentialRecord extends Omit<CredentialFacts, 'setAt'> {
  readonly id: string;
  readonly sealed: string;
}

/** What the Git server is shown for a project's repository: one at most. The sealed value is read with a deployment's record. */
export interface CredentialStore {
  find(projectId: string): Promise<CredentialFacts | null>;
  /** In place of another one. False when the project is gone. */
  set(projectId: string, credential: NewCredentialRecord): Promise<boolean>;
  /** False when there was none. */
  remove(projectId: string): Promise<boolean>;
}

/** `sealed` is bound to `id`, which is another one whenever it is set. */
export interface NewRegistryRecord extends Omit<RegistryCredentialFacts, 'setAt'> {
  readonly id: string;
  readonly sealed: string;
}

/** What registries are shown for a project's images: one at most for each. The sealed value is read by the deployment that pulls. */
export interface RegistryStore {
  /** By host. */
  list(projectId: string): Promise<readonly RegistryCredentialFacts[]>;
  /** In place of another one. False when the project is gone. */
  set(projectId: string, credential: NewRegistryRecord): Promise<boolean>;
  /** False when there was none. */
  remove(projectId: string, host: string): Promise<boolean>;
}

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Name of the project; null is every project. */
  readonly project: string | null;
  /** Names; null: all. */
  readonly environments: readonly string[] | null;
  readonly createdAt: string;
  /** null: never. */
  readonly expiresAt: string | null;
}

/** Where a new token is valid. */
export interface TokenScope {
  /** Name. */
  readonly project: string | null;
  readonly environments: readonly string[] | null;
  readonly expiresInMs: number | null;
}

/** Everything, until it is revoked. */
export const everywhere: TokenScope = { project: null, environments: null, expiresInMs: null };

export interface NewTokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly secretHash: string;
}

export interface TokenStore {
  /** null: unknown, expired, revoked, or of a project that is gone. */
  authenticate(secretHash: string): Promise<Actor | null>;
  /** null: no such project, or no such environment of it. */
  create(token: NewTokenRecord, scope: TokenScope): Promise<TokenRecord | null>;
  /**
   * Only if no token that is valid for everything and may administer is left; else null and nothing changes.
   * `beforeCommit` comes before it counts: if it fails, there is no such token.
   */
  createFirst(token: NewTokenRecord, beforeCommit: () => Promise<void>): Promise<TokenRecord | null>;
  /** Valid ones, oldest first. */
  list(): Promise<readonly TokenRecord[]>;
  /** False when no valid one has that id. */
  revoke(id: string): Promise<boolean>;
}
