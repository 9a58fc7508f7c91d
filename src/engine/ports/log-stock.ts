/** How much logs take. */
export interface LogStock {
  /** Bytes of all logs whose names begin with these segments; 0 where there are none. */
  size(prefix: string): Promise<number>;
}
