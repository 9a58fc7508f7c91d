/** Encryption of values at rest: AES-256-GCM with a key id, bound to the row it stands in. */
export interface SecretBox {
  /** `row` names table, row id and column; opening under another row fails. */
  seal(plain: string, row: string): string;
  open(sealed: string, row: string): string;
}
