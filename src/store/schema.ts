import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { Artifact } from '../domain/artifact.ts';
import type { BuildSettings } from '../domain/build-settings.ts';
import type {
  ConfigurationSnapshot,
  Deployment,
  DeploymentFailure,
  DeploymentOrigin,
  InstancePhase,
  PausableState,
} from '../domain/deployment.ts';
import type { DeploymentState } from '../domain/deployment-state.ts';
import type { EnvironmentSettings } from '../domain/environment-settings.ts';
import type { JobStatus, JobType } from '../domain/job.ts';
import type { Measurements } from '../domain/measurements.ts';
import type { ObservationOutcome, ObservationView } from '../domain/observation.ts';
import type { PushOutcome, PushResult } from '../domain/push.ts';
import type { RepositoryCredential } from '../domain/repository-credential.ts';
import type { RetentionSettings } from '../domain/retention-settings.ts';
import type { RouteMode } from '../domain/route.ts';
import type { DeploymentSource, Trigger } from '../domain/source.ts';
import type { TimelineEntry } from '../domain/timeline.ts';
import type { DeliveryOutcome, DeliveryState, WebhookProvider, WebhookReading } from '../domain/webhook.ts';
import type { CachedArtifact, RequestCount, Verdict, Want } from '../engine/ports/deployment-store.ts';
import type { StoredBuild, StoredConfiguration, StoredSettings } from './stored-settings.ts';
import type { PreviewSettingTable, PreviewTable } from './preview-tables.ts';
import type { TokenTable } from './token-table.ts';
import type {
  DeploymentReportTable,
  GitHubAppTable,
  ProviderAccessTable,
  ProviderMessageTable,
} from './provider-tables.ts';

/**
 * The tables as `migrations/` leaves them, one property per table. `bigint` is a number. A `timestamptz` is an ISO 8601
 * string in UTC with milliseconds, both ways: PostgreSQL keeps microseconds, so never page by a time that was read.
 * A `jsonb` is read as its domain type and written with `toJson`.
 */
export interface Database {
  token: TokenTable;
  project: ProjectTable;
  environment: EnvironmentTable;
  host: HostTable;
  variable: VariableTable;
  repository_credential: RepositoryCredentialTable;
  registry_credential: RegistryCredentialTable;
  deployment: DeploymentTable;
  job: JobTable;
  step: StepTable;
  timeline: TimelineTable;
  instance: InstanceTable;
  slot: SlotTable;
  route: RouteTable;
  artifact: ArtifactTable;
  observation: ObservationTable;
  idempotency: IdempotencyTable;
  platform_setting: PlatformSettingTable;
  webhook: WebhookTable;
  webhook_delivery: WebhookDeliveryTable;
  webhook_match: WebhookMatchTable;
  webhook_head: WebhookHeadTable;
  webhook_seen: WebhookSeenTable;
  push: PushTable;
  preview: PreviewTable;
  preview_setting: PreviewSettingTable;
  provider_access: ProviderAccessTable;
  provider_message: ProviderMessageTable;
  github_app: GitHubAppTable;
  deployment_report: DeploymentReportTable;
}

/** Text that holds a `T`. Only `toJson` makes one: `pg` itself would write an array as a PostgreSQL array. */
export type JsonText<T> = string & { readonly json: T };
export type Json<T> = ColumnType<T, JsonText<T>, JsonText<T>>;
export type GeneratedJson<T> = ColumnType<T, JsonText<T> | undefined, JsonText<T>>;
export type NullableJson<T> = ColumnType<T | null, JsonText<T> | null | undefined, JsonText<T> | null>;

export function toJson<T>(value: T): JsonText<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that makes the brand
  return JSON.stringify(value) as JsonText<T>;
}

export type Optional<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface ProjectTable {
  id: string;
  name: string;
  repository: Optional<string>;
  build: ColumnType<StoredBuild, JsonText<BuildSettings>, JsonText<BuildSettings>>;
  /** Highest deployment number given. */
  last_number: Generated<number>;
  /** To its provider, of environments that are no previews. */
  tells_deployments: Generated<boolean>;
  deleting: Generated<boolean>;
  created_at: Generated<string>;
}

export interface EnvironmentTable {
  id: string;
  project_id: string;
  name: string;
  settings: ColumnType<StoredSettings, JsonText<EnvironmentSettings>, JsonText<EnvironmentSettings>>;
  fence: Generated<number>;
  current_deployment_id: Optional<string>;
  auto_deploy_held: Optional<string>;
  deleting: Generated<boolean>;
  created_at: Generated<string>;
}

export interface HostTable {
  host: string;
  environment_id: string;
  /** From 0; 0 is the environment's own. */
  position: number;
}

export interface VariableTable {
  id: string;
  project_id: string;
  /** null: project level. */
  environment_id: Optional<string>;
  name: string;
  /** By the `SecretBox`, bound to `variable:<id>:value`. */
  sealed: string;
  secret: boolean;
  build: Generated<boolean>;
  /** Without an environment: of all previews, instead of all environments. */
  preview: Generated<boolean>;
  updated_at: Generated<string>;
}

export interface RepositoryCredentialTable {
  project_id: string;
  /** Another one whenever it is set. */
  id: string;
  kind: RepositoryCredential['kind'];
  host: string;
  /** By the `SecretBox`, bound to `repository_credential:<id>:sealed`. */
  sealed: string;
  fingerprint: string;
  set_by: string;
  set_at: Generated<string>;
}

export interface RegistryCredentialTable {
  project_id: string;
  host: string;
  /** Another one whenever it is set. */
  id: string;
  username: string;
  /** By the `SecretBox`, bound to `registry_credential:<id>:sealed`. */
  sealed: string;
  fingerprint: string;
  set_by: string;
  set_at: Generated<string>;
}

export interface DeploymentTable {
  id: string;
  project_id: string;
  environment_id: string;
  number: number;
  kind: Deployment['kind'];
  origin: NullableJson<DeploymentOrigin>;
  state: DeploymentState;
  reason: Optional<string>;
  failure: NullableJson<DeploymentFailure>;
  source: Json<DeploymentSource>;
  trigger: Json<Trigger>;
  configuration: ColumnType<StoredConfiguration, JsonText<ConfigurationSnapshot>, JsonText<ConfigurationSnapshot>>;
  sealed_variables: string;
  artifact: NullableJson<Artifact>;
  requests: NullableJson<NonNullable<Deployment['requests']>>;
  counter_baseline: NullableJson<RequestCount>;
  measurements: GeneratedJson<Partial<Measurements>>;
  want: Optional<Want>;
  wanted_verdict: NullableJson<Verdict>;
  wanted_by: Optional<string>;
  paused_from: Optional<PausableState>;
  acting: Generated<boolean>;
  once_key: Optional<string>;
  verdict: NullableJson<Verdict>;
  branch: string;
  production: boolean;
  fence: Optional<number>;
  epoch: Generated<number>;
  lease_owner: Optional<number>;
  lease_until: Optional<string>;
  not_before: Generated<string>;
  created_at: Generated<string>;
  started_at: Optional<string>;
  ready_at: Optional<string>;
  completed_at: Optional<string>;
  finished_at: Optional<string>;
  artifact_gone_at: Optional<string>;
  logs_removed_at: Optional<string>;
  history_removed_at: Optional<string>;
}

export interface JobTable {
  deployment_id: string;
  type: JobType;
  position: number;
  depends_on: Json<readonly JobType[]>;
  required: boolean;
  status: JobStatus;
  error: Optional<string>;
  started_at: Optional<string>;
  ended_at: Optional<string>;
}

export interface StepTable {
  deployment_id: string;
  seq: GeneratedAlways<number>;
  name: string;
  epoch: number;
  status: string;
  error: Optional<string>;
  started_at: Generated<string>;
  ended_at: Optional<string>;
}

export interface TimelineTable {
  id: GeneratedAlways<number>;
  deployment_id: string;
  project_id: string;
  at: Generated<string>;
  entry: Json<TimelineEntry>;
}

export interface InstanceTable {
  id: string;
  deployment_id: string;
  /** null: the deployment it belongs to. */
  started_by: Optional<string>;
  process: string;
  ordinal: number;
  phase: InstancePhase;
  address: Optional<string>;
  port: number;
  restarts: Generated<number>;
  crashed_at: Optional<string>;
}

export interface SlotTable {
  number: number;
  deployment_id: string;
}

export interface RouteTable {
  environment_id: string;
  fence: number;
  stable: number;
  candidate: Optional<number>;
  share: number;
  mode: Generated<RouteMode>;
  observed: Generated<boolean>;
  /** Given by the database with every change. */
  revision: Generated<number>;
  asleep_since: Optional<string>;
  /** Since it last served. */
  wakes_failed: Generated<number>;
  wake_failed_at: Optional<string>;
}

export interface ArtifactTable {
  image_key: string;
  artifact: Json<Artifact>;
  base_images: Json<CachedArtifact['baseImages']>;
  app_config: Json<CachedArtifact['appConfig']>;
  project_id: string;
  created_at: Generated<string>;
}

export interface ObservationTable {
  deployment_id: string;
  environment_id: string;
  standby_id: Optional<string>;
  opened_at: Generated<string>;
  switched_at: Optional<string>;
  ends_at: Optional<string>;
  closed_at: Optional<string>;
  outcome: Optional<ObservationOutcome>;
  message: Optional<string>;
  view: NullableJson<ObservationView>;
  owner: Optional<number>;
  lease_until: Optional<string>;
}

/** What is missing in a value has its default: a new setting needs no migration. */
export interface PlatformSettingTable {
  name: 'retention';
  value: ColumnType<Partial<RetentionSettings>, JsonText<RetentionSettings>, JsonText<RetentionSettings>>;
  updated_at: Generated<string>;
}

/** A push to one branch of a repository that the platform keeps itself. */
export interface PushTable {
  id: string;
  /** Of the whole push, which may have been one to several branches. */
  push_id: string;
  project_id: string;
  branch: string;
  /** null: there was no such branch. */
  before: Optional<string>;
  commit: string;
  pushed_by: string;
  /** null: what it deploys has not been recorded to the end. */
  results: NullableJson<readonly PushResult[]>;
  created_at: Generated<string>;
  settled_at: Optional<string>;
  outcome: Optional<PushOutcome>;
}

export interface IdempotencyTable {
  key: string;
  token_id: string;
  request_hash: string;
  deployment_id: string;
  created_at: Generated<string>;
}

export interface WebhookTable {
  /** Part of its address; hard to guess. */
  id: string;
  /** null: of the platform. */
  project_id: Optional<string>;
  /** null: of a project, whichever provider calls. */
  provider: Optional<WebhookProvider>;
  /** Of a project's: who delivered to it first, and may alone. */
  bound_provider: Optional<WebhookProvider>;
  /** Another one for every secret. */
  sealed_id: string;
  /** By the `SecretBox`, bound to `webhook:<sealed_id>:secret`. */
  sealed: string;
  created_at: Generated<string>;
  secret_set_at: Generated<string>;
}

export interface WebhookDeliveryTable {
  id: string;
  sequence: GeneratedAlways<number>;
  webhook_id: string;
  provider: WebhookProvider;
  name: string;
  state: DeliveryState;
  verified: boolean;
  reason: Optional<string>;
  /** As the provider numbers it, or what stands for that; once for each hook. */
  delivery_key: string;
  /** SHA-256 of the body, where the signature covers it and no two bodies are alike. */
  digest: Optional<string>;
  queue: string;
  reading: Json<WebhookReading>;
  repeats: Generated<number>;
  redelivery_of: Optional<string>;
  redelivered_by: Optional<string>;
  /** null: every project that it is about. */
  only_project_id: Optional<string>;
  attempts: Generated<number>;
  not_before: Generated<string>;
  received_at: Generated<string>;
  processed_at: Optional<string>;
}

export interface WebhookMatchTable {
  project_id: string;
  sequence: number;
  outcomes: Json<readonly DeliveryOutcome[]>;
}

/** Where a branch was when it was told of last. */
export interface WebhookHeadTable {
  /** Stands for a queue and a branch. */
  line: string;
  webhook_id: string;
  commit: string;
  /** Newest first. */
  past: Json<readonly string[]>;
}

/** What a delivery that is not kept any more is known by. */
export interface WebhookSeenTable {
  webhook_id: string;
  known_by: string;
  seen_at: string;
}
