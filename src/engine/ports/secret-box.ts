/** Encryption of values at rest: AES-256-GCM with a key id, bound to the row it stands in. */
export interface SecretBox {
  /** `row` names table, row id and column; opening under another row fails. */
  seal(plain: string, row: string): string;
  open(sealed: string, row: string): string;
  /** 32 hex digits that are equal for equal texts and purposes, and by which nobody without the key can tell or guess the text. */
  fingerprint(text: string, purpose: string): string;
}
