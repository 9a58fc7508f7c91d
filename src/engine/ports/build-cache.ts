/** What the engine that builds keeps of earlier builds. Error: `runtime_unavailable`. */
export interface BuildCache {
  /** Removes what was least used, until no more than `keepBytes` are left; what a build uses now stays. Resolves to the bytes that are free again. */
  prune(keepBytes: number, signal: AbortSignal): Promise<number>;
}
