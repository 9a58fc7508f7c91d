import type { Generated } from 'kysely';
import type { PreviewSubject } from '../domain/preview.ts';
import type { PreviewSettings } from '../domain/preview-settings.ts';
import type { Json, Optional } from './schema.ts';

export interface PreviewTable {
  id: string;
  project_id: string;
  repository: string;
  /** See `subjectKey`. */
  subject_key: string;
  subject: Json<PreviewSubject>;
  name: string;
  branch: string;
  commit: Optional<string>;
  title: Optional<string>;
  link: Optional<string>;
  from_fork: boolean;
  approved_commit: Optional<string>;
  approved_by: Optional<string>;
  open: Generated<boolean>;
  finished: Generated<boolean>;
  closed_reason: Optional<string>;
  revision: Generated<number>;
  deployed_revision: Generated<number>;
  environment_id: Optional<string>;
  reported: Optional<string>;
  pushed_at: Generated<string>;
  created_at: Generated<string>;
}

/** What is missing in a value has its default. */
export interface PreviewSettingTable {
  project_id: string;
  value: Json<Partial<PreviewSettings>>;
  /** As `passwordVerifier` makes it. */
  password: Optional<string>;
  updated_at: Generated<string>;
}
