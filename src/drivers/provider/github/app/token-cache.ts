interface Token {
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** A token is not handed out with less left than the longest use of it takes. */
const leastLeftMs = 15 * 60_000;
const mostKept = 2_000;

/** Tokens of installations while they are good, in memory only. */
export class TokenCache {
  readonly #now: () => number;
  readonly #tokens = new Map<string, Token>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `key`: all that the token depends on beside the installation. */
  async get(installationId: string, key: string, make: () => Promise<Token>): Promise<string> {
    const name = `${installationId}:${key}`;
    const kept = this.#tokens.get(name);
    if (kept !== undefined && kept.expiresAt - this.#now() > leastLeftMs) return kept.token;
    const made = await make();
    this.#tokens.delete(name);
    this.#tokens.set(name, made);
    const [oldest] = this.#tokens.keys();
    if (oldest !== undefined && this.#tokens.size > mostKept) this.#tokens.delete(oldest);
    return made.token;
  }

  forget(installationId: string): void {
    for (const name of this.#tokens.keys()) if (name.startsWith(`${installationId}:`)) this.#tokens.delete(name);
  }
}
