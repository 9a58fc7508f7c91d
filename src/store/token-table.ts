import type { Generated } from 'kysely';
import type { Role } from '../domain/roles.ts';
import type { NullableJson, Optional } from './schema.ts';

export interface TokenTable {
  id: string;
  name: string;
  role: Role;
  /** null: every project. Not a foreign key: a token whose project is gone is valid nowhere. */
  project_id: Optional<string>;
  secret_hash: string;
  created_at: Generated<string>;
  revoked_at: Optional<string>;
  /** Names of the only environments there are for it. */
  environments: NullableJson<readonly string[]>;
  expires_at: Optional<string>;
}
