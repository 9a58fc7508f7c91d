import type { Generated } from 'kysely';
import type { InstallationState } from '../domain/github-app.ts';
import type { ProviderKind, ProviderMessage } from '../domain/provider.ts';
import type { Json, Optional } from './schema.ts';

export interface ProviderAccessTable {
  project_id: string;
  /** Another one whenever it is set. */
  id: string;
  kind: ProviderKind;
  api_url: string;
  repository: string;
  /** By the `SecretBox`, bound to `provider_access:<id>:sealed`; null: the GitHub App acts. */
  sealed: Optional<string>;
  /** null: there is a token. */
  installation: Optional<InstallationState>;
  installation_id: Optional<string>;
  looked_up_at: Optional<string>;
  /** What was found before may be so no more. */
  doubted_at: Optional<string>;
  fingerprint: string;
  set_by: string;
  set_at: Generated<string>;
  last_error: Optional<string>;
  last_error_at: Optional<string>;
}

export interface ProviderMessageTable {
  id: string;
  project_id: string;
  topic: string;
  message: Json<ProviderMessage>;
  version: Generated<number>;
  attempts: Generated<number>;
  not_before: Generated<string>;
  leased_until: Optional<string>;
  created_at: Generated<string>;
}

/** One row at most. */
export interface GitHubAppTable {
  single: Generated<boolean>;
  /** Another one whenever it is set. */
  id: string;
  app_id: string;
  slug: string;
  api_url: string;
  /** By the `SecretBox`, bound to `github_app:<id>:sealed`. */
  sealed: string;
  fingerprint: string;
  set_by: string;
  set_at: Generated<string>;
  last_error: Optional<string>;
  last_error_at: Optional<string>;
}

/** Of a deployment that is not a preview's: what was last told of it. */
export interface DeploymentReportTable {
  deployment_id: string;
  reported: string;
  settled: boolean;
}
