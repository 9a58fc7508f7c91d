export interface Random {
  /** UUID version 7: ordered by time. */
  id(): string;
  /** 0 ≤ x < 1. */
  number(): number;
}
