import type { BuildSettings } from '../../domain/build-settings.ts';
import type { Deployment, DeploymentSummary, Instance, Job } from '../../domain/deployment.ts';
import type { DeploymentState } from '../../domain/deployment-state.ts';
import type { EnvironmentSettings, RollbackSettings } from '../../domain/environment-settings.ts';
import type { HealthCheck } from '../../domain/health-check.ts';
import type { Environment, Project, Variable } from '../../domain/project.ts';
import type { QueueReason } from '../../domain/queue.ts';
import type { CredentialFacts } from '../../domain/repository-credential.ts';
import type { Observation } from '../../domain/observation.ts';
import type { RetentionPlan, RetentionRun, RetentionWishes } from '../../domain/retention-plan.ts';
import type { RetentionSettings } from '../../domain/retention-settings.ts';
import type { RolloutPlan } from '../../domain/rollout-plan.ts';
import type { RouteMode } from '../../domain/route.ts';
import type { Actor, Role } from '../../domain/roles.ts';
import type { RecordedEntry } from '../ports/recorded-entry.ts';
import type { LogEntry } from '../ports/logs.ts';
import type { GitHubAppCommands, PreviewCommands, ProviderCommands } from './preview-commands.ts';
import type { PushCommands } from './push-commands.ts';
import type { WebhookCommands } from './webhook-commands.ts';
import type { NewImageDeployment, NewUploadDeployment, RegistryCommands } from './intake.ts';

/**
 * Everything a caller can ask of the engine. Each takes who is asking, checks role and project (`forbidden`), and answers with
 * domain types. Names are those of projects (`my-app`) and environments (`production`); unknown ones are `not_found`.
 * A project that the actor may not see is `not_found` too.
 */
export interface Commands {
  readonly projects: ProjectCommands;
  readonly environments: EnvironmentCommands;
  readonly variables: VariableCommands;
  readonly credentials: CredentialCommands;
  readonly registries: RegistryCommands;
  readonly tokens: TokenCommands;
  readonly deployments: DeploymentCommands;
  readonly retention: RetentionCommands;
  readonly webhooks: WebhookCommands;
  readonly pushes: PushCommands;
  readonly previews: PreviewCommands;
  readonly providers: ProviderCommands;
  readonly githubApp: GitHubAppCommands;
}

export interface ProjectCommands {
  /** Makes the environment `production` with it. Errors: `already_exists`, `host_taken`, `invalid_input`, `repository_refused`. */
  create(actor: Actor, input: NewProject): Promise<Project>;
  list(actor: Actor): Promise<readonly Project[]>;
  get(actor: Actor, project: string): Promise<Project>;
  update(actor: Actor, project: string, change: ProjectChange): Promise<Project>;
  /** Cancels what waits or runs, stops what serves, removes routes, instances, network and records. Resolves when that is asked for and recorded. */
  delete(actor: Actor, project: string): Promise<void>;
}

export interface NewProject {
  readonly name: string;
  /** The platform keeps its repository, which is pushed to; then `repository` is null. */
  readonly gitPush?: boolean;
  /** null: what it deploys comes as images, tarballs or bundles only. */
  readonly repository: string | null;
  readonly branch?: string;
  readonly build?: Partial<BuildSettings>;
}

export interface ProjectChange {
  /** The platform keeps its repository from now on; with it there is no `repository`. */
  readonly gitPush?: true;
  readonly repository?: string;
  readonly build?: Partial<BuildSettings>;
}

export interface EnvironmentCommands {
  create(
    actor: Actor,
    project: string,
    input: { readonly name: string; readonly settings?: SettingsChange },
  ): Promise<Environment>;
  list(actor: Actor, project: string): Promise<readonly Environment[]>;
  get(actor: Actor, project: string, environment: string): Promise<Environment>;
  /** Takes effect with the next deployment. */
  update(actor: Actor, project: string, environment: string, change: SettingsChange): Promise<Environment>;
  /** Ends what a manual rollback began: deployments may begin by themselves again (rule 5.7). */
  resumeAutoDeploy(actor: Actor, project: string, environment: string): Promise<Environment>;
  delete(actor: Actor, project: string, environment: string): Promise<void>;
}

export type SettingsChange = Partial<Omit<EnvironmentSettings, 'health' | 'rollback'>> & {
  readonly health?: Partial<HealthCheck>;
  readonly rollback?: Partial<RollbackSettings>;
};

/** The name of an environment; null: the project level; `{ previews }`: that of all previews of the project. */
export type VariablesOf = string | null | { readonly previews: true };

export interface VariableCommands {
  /** Values of secrets are empty strings. Of an environment, or of previews: with those of the levels below. */
  list(actor: Actor, project: string, level: VariablesOf): Promise<readonly Variable[]>;
  set(actor: Actor, project: string, level: VariablesOf, variables: readonly NewVariable[]): Promise<void>;
  /** Resolves to the names that existed. */
  unset(actor: Actor, project: string, level: VariablesOf, names: readonly string[]): Promise<readonly string[]>;
}

export interface NewVariable {
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
  /** Given to builds too, as a build secret; left out: not. */
  readonly build?: boolean;
}

/** What the Git server is shown for a project's private repository. Its value goes in, and never comes out again. */
export interface CredentialCommands {
  /** null: none is set. */
  get(actor: Actor, project: string): Promise<CredentialFacts | null>;
  /** In place of what was set, for the server that the project's repository is on now. Error: `invalid_input`. */
  set(actor: Actor, project: string, credential: NewCredential): Promise<CredentialFacts>;
  remove(actor: Actor, project: string): Promise<void>;
  /** Whoever answers next for an ssh server of the project is believed. */
  forgetHostKeys(actor: Actor, project: string): Promise<void>;
}

export type NewCredential =
  | { readonly kind: 'token'; readonly username?: string; readonly token: string }
  | { readonly kind: 'deploy-key'; readonly privateKey: string };

export interface TokenCommands {
  /** The actor for a presented token; null when it is unknown, expired or revoked. */
  authenticate(secret: string): Promise<Actor | null>;
  /** Errors: `not_found` (project, environment), `invalid_input`. */
  create(actor: Actor, input: NewToken): Promise<CreatedToken>;
  list(actor: Actor): Promise<readonly TokenInfo[]>;
  revoke(actor: Actor, id: string): Promise<void>;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** null: every project, which is for no deployer. */
  readonly project: string | null;
  /** Of a deployer: the only ones it may deploy to; null: all of the project. */
  readonly environments?: readonly string[] | null;
  /** null: until it is revoked. */
  readonly expiresInMs?: number | null;
}

export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly project: string | null;
  readonly environments: readonly string[] | null;
  readonly createdAt: string;
  /** ISO 8601. */
  readonly expiresAt: string | null;
}

export interface CreatedToken extends TokenInfo {
  /** Shown once; stored as a hash. */
  readonly secret: string;
}

export interface DeploymentCommands {
  /**
   * Recorded before it resolves. A pending one of the same branch and environment is superseded. The same idempotency key with
   * the same request gives the same deployment (`replayed`), with another request `idempotency_mismatch`.
   */
  trigger(actor: Actor, project: string, input: NewDeployment): Promise<Triggered>;
  /** The same for an image of a registry. Error: `invalid_input`. */
  deployImage(actor: Actor, project: string, input: NewImageDeployment): Promise<Triggered>;
  /** The same for what the caller sends; resolves when it is received and on record. Errors: those of `Uploads.receive`. */
  deployUpload(actor: Actor, project: string, input: NewUploadDeployment, signal: AbortSignal): Promise<Triggered>;
  /** Newest first. `before`: a deployment number, for the next page. */
  list(actor: Actor, project: string, query: DeploymentQuery): Promise<readonly DeploymentSummary[]>;
  get(actor: Actor, project: string, number: number): Promise<DeploymentDetail>;
  /** Errors: `illegal_transition`. Resolves when it is cancelled, or after 5 s with the state as it then is. */
  cancel(actor: Actor, project: string, number: number): Promise<Deployment>;
  /**
   * Holds a rollout at its share, or stops what serves, with a page that says so. Errors: `illegal_transition`. Resolves when it is
   * paused, or after 5 s with the state as it then is.
   */
  pause(actor: Actor, project: string, number: number): Promise<Deployment>;
  /** Through the gate again where its instances were stopped; where that fails it stays paused, with the reason. Resolves at once. */
  resume(actor: Actor, project: string, number: number): Promise<Deployment>;
  /**
   * A new deployment that runs an earlier one's artifact again (rule 5.7), without a build; holds auto-deploy of the environment. While a
   * version is rolled out, going back to the one that still runs beside it needs none: then it is the rollout, which is taken back.
   * Errors: `rollback_target_missing`, `artifact_gone`, `rollback_never_served`, `rollback_behind_contract`, `illegal_transition`.
   */
  rollback(actor: Actor, project: string, input: NewRollback): Promise<Triggered>;
  /** A new deployment that runs the artifact that serves in one environment in another. Errors: `not_found`, `artifact_gone`. */
  promote(actor: Actor, project: string, input: NewPromotion): Promise<Triggered>;
  /** What a deployment to the environment would do, as things are now. */
  plan(actor: Actor, project: string, environment: string): Promise<RolloutPlan>;
  /** Where the environment's traffic goes, and how its versions do. */
  rollout(actor: Actor, project: string, environment: string): Promise<RolloutStatus>;
  /** The same whenever something changed, at most every quarter of a second, until aborted. */
  watchRollout(actor: Actor, project: string, environment: string, signal: AbortSignal): AsyncIterable<RolloutStatus>;
  /** Timeline entries with an id above `after`; with `follow`, until the deployment is in a state where nothing more is to come. */
  timeline(
    actor: Actor,
    project: string,
    number: number,
    options: { readonly after: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<RecordedEntry>;
  /** `log`: a job type, or the id of an instance. `offset` in bytes. */
  log(actor: Actor, request: LogRequest, signal: AbortSignal): AsyncIterable<LogEntry>;
  /** What waits or runs, over every project the actor may see, in the order it will be served. */
  queue(actor: Actor): Promise<Queue>;
}

/** What is kept of what was deployed, and for how long. */
export interface RetentionCommands {
  settings(actor: Actor): Promise<RetentionSettings>;
  /** Errors: `invalid_input`. */
  update(actor: Actor, change: Partial<RetentionSettings>): Promise<RetentionSettings>;
  /** What a run would remove now, and why, and what it would keep. */
  plan(actor: Actor, wishes: RetentionWishes, signal: AbortSignal): Promise<RetentionPlan>;
  /** Removes it, for half a minute at most; `more` says whether there is something left. */
  run(actor: Actor, wishes: RetentionWishes, signal: AbortSignal): Promise<RetentionRun>;
}

export interface LogRequest {
  readonly project: string;
  readonly number: number;
  /** A job type, or the id of an instance. */
  readonly log: string;
  /** In bytes; in the middle of a line it means the next one. */
  readonly offset: number;
  readonly follow: boolean;
}

export interface NewDeployment {
  readonly environment: string;
  /** Default: the environment's branch. */
  readonly branch?: string;
  /** 40 hex digits. */
  readonly commit?: string;
  readonly noCache?: boolean;
  readonly idempotencyKey?: string;
}

export interface Triggered {
  readonly deployment: Deployment;
  readonly replayed: boolean;
}

export interface NewRollback {
  readonly environment: string;
  /** Default: what runs beside the version that is being rolled out; where none is, the last good one before what serves. */
  readonly to?: number;
  /** Today's variables instead of those of then. */
  readonly currentEnv?: boolean;
  /** Also behind a contract step. */
  readonly force?: boolean;
  readonly idempotencyKey?: string;
}

export interface NewPromotion {
  /** The environment whose current artifact is taken. */
  readonly from: string;
  readonly to: string;
  readonly idempotencyKey?: string;
}

/** What serves, what is on its way in or out, and what is known of both. */
export interface RolloutStatus {
  readonly environment: string;
  /** The deployment that gets traffic as the newest: what is being rolled out, else what serves; null where nothing does. */
  readonly fresh: RolloutSide | null;
  /** What served before and still runs. */
  readonly old: RolloutSide | null;
  readonly mode: RouteMode;
  readonly observation: Observation | null;
  readonly autoDeployHeld: string | null;
}

export interface RolloutSide {
  readonly deployment: Deployment;
  readonly instances: readonly Instance[];
  /** Percent of the traffic. */
  readonly share: number;
  /** Requests, WebSockets and streams open now. */
  readonly connections: number;
}

export interface DeploymentQuery {
  readonly environment?: string;
  readonly state?: DeploymentState;
  readonly before?: number;
  /** 1 to 200. */
  readonly limit: number;
}

export interface DeploymentDetail {
  readonly deployment: Deployment;
  readonly jobs: readonly Job[];
  readonly instances: readonly Instance[];
  readonly observation: Observation | null;
  /** The result in one sentence (rule 2.6); null while there is none. */
  readonly verdict: string | null;
  readonly url: string;
}

export interface Queue {
  readonly items: readonly QueueItem[];
  /** In projects that the actor may not see. */
  readonly elsewhere: { readonly waiting: number; readonly running: number };
}

export interface QueueItem {
  readonly deployment: Deployment;
  /** null while it runs. */
  readonly reason: QueueReason | null;
  /** The same for people: "#41 is deploying in production", "a place to build"; null while it runs. */
  readonly waitsFor: string | null;
  /** ISO 8601: since when it waits for that, or runs. */
  readonly since: string;
}
