import type { OpenProvider } from '../../engine/ports/provider.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { openBitbucket } from './bitbucket/bitbucket.ts';
import { openGitea } from './gitea/gitea.ts';
import { openGitHub } from './github/github.ts';
import { openGitLab } from './gitlab/gitlab.ts';

const clients = { github: openGitHub, gitlab: openGitLab, gitea: openGitea, bitbucket: openBitbucket } as const;

/** The API client of each kind of provider; every call goes out by `fetch`. */
export function createProviders(fetch: typeof globalThis.fetch): OpenProvider {
  return (access) => clients[access.kind](access, boundedFetch(fetch));
}
