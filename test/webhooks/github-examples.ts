import { createRequire } from 'node:module';

/** A payload that GitHub sends, of the event of that name. */
export interface GithubExample {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

interface Definition {
  readonly name: string;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
}

/** All 329 of `@octokit/webhooks-examples`: what the community has seen GitHub send. */
export function githubExamples(): readonly GithubExample[] {
  const load = createRequire(import.meta.url);
  const definitions = load('@octokit/webhooks-examples') as readonly Definition[];
  return definitions.flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));
}
