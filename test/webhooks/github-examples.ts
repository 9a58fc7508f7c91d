import file from '@octokit/webhooks-examples' with { type: 'json' };

/** A payload that GitHub sends, of the event of that name. */
export interface GithubExample {
  readonly event: string;
  readonly payload: object;
}

interface Definition {
  readonly name: string;
  readonly examples: readonly object[];
}

/** All 329 of `@octokit/webhooks-examples`: what the community has seen GitHub send. */
export function githubExamples(): readonly GithubExample[] {
  // Its types are those of a module of which this would be the default export; it is the file itself.
  const definitions = file as unknown as readonly Definition[];
  return definitions.flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));
}
