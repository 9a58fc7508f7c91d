import githubAppJwt from 'universal-github-app-jwt';
import type { GitHubApp } from '../../../../domain/github-app.ts';
import { ProviderError } from '../../../../engine/ports/provider.ts';

/** What the App shows itself by, good for 10 minutes from `nowMs`. Error: `provider_refused` where the key is none. */
export async function appToken({ appId, privateKey }: GitHubApp, nowMs: number): Promise<string> {
  try {
    const { token } = await githubAppJwt({ id: appId, privateKey, now: Math.floor(nowMs / 1_000) });
    return token;
  } catch {
    // What it says of the key may hold something of it.
    throw new ProviderError('provider_refused', 'the private key of the GitHub App cannot be read');
  }
}
