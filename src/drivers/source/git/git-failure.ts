import { CutoverError, type ErrorCode } from '../../../domain/errors.ts';

/** Git ended with an error, or had to be ended. `lines` is the end of what it said, in English. */
export class GitFailure extends Error {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
  readonly timedOut: boolean;

  constructor(exitCode: number | null, lines: readonly string[], timedOut = false) {
    super(lines.at(-1) ?? `git ended with ${exitCode}`);
    this.name = 'GitFailure';
    this.exitCode = exitCode;
    this.lines = lines;
    this.timedOut = timedOut;
  }
}

interface Explanation {
  readonly code: ErrorCode;
  readonly pattern: RegExp;
  readonly when?: (what: Asked) => boolean;
  readonly says: (what: Asked, line: string, lines: readonly string[]) => string;
}

/** What was asked for, in words that may be shown. */
export interface Asked {
  readonly url: string;
  /** Branch name or commit. */
  readonly ref: string;
  /** The server was shown credentials. */
  readonly shown: boolean;
}

const needsCredentials =
  /could not read (?:Username|Password)|Authentication failed|terminal prompts disabled|error: 40[13]|Permission denied \(|HTTP Basic: Access denied/i;

/** What the server says has `remote:` before it. */
const damagedHere =
  /^(?:error|fatal|warning): (?:(?:multi-pack-)?index file|packfile|packed object|loose object|object file) /;

/** First match wins, so the more certain ones stand first. */
const explanations: readonly Explanation[] = [
  {
    code: 'disk_full',
    pattern: /^(?!remote:).*(?:No space left on device|Disk quota exceeded)/i,
    says: () => 'The disk of the platform is full: the repository could not be stored.',
  },
  {
    code: 'repository_refused',
    pattern: /transport '.*' not allowed|dubious ownership/,
    says: ({ url }, line) => `${url}: ${line}`,
  },
  {
    code: 'repository_refused',
    pattern: /^error: invalid path '/,
    says: ({ url, ref }, line) => `${url} holds at ${ref} what no work tree may have: ${line}`,
  },
  {
    code: 'repository_refused',
    pattern: /^(?:error|fatal): bad config line \d+ in blob/,
    says: ({ url, ref }) => `${url} holds at ${ref} a file \`.gitmodules\` that cannot be read.`,
  },
  {
    code: 'repository_unreachable',
    pattern:
      /repository corruption on the remote side|^remote: (?:fatal: )?(?:bad object|bad tree object|missing blob|unable to read|error: Could not read)/i,
    says: ({ url }, line) => `The repository ${url} is damaged on its server: ${line}`,
  },
  {
    code: 'branch_not_found',
    pattern: /couldn't find remote ref refs\/heads\//i,
    says: ({ url, ref }) => `${url} has no branch ${ref}.`,
  },
  {
    code: 'commit_not_found',
    pattern: /not our ref|unadvertised object|couldn't find remote ref|remote did not send all necessary objects/i,
    says: ({ url, ref }) => `${url} has no commit ${ref}.`,
  },
  {
    code: 'repository_unreachable',
    pattern: /cannot run ssh|\bssh: (?:command )?not found/,
    says: ({ url }) => `${url} could not be reached: there is no \`ssh\` on the platform (package openssh-client).`,
  },
  {
    code: 'repository_host_changed',
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    says: ({ url }, _line, lines) => {
      const fingerprint = /SHA256:[A-Za-z0-9+/]+/.exec(lines.join(' '))?.[0];
      const now = fingerprint === undefined ? '' : `, now with the key ${fingerprint}`;
      return `The server of ${url} is another one than before, or says so wrongly${now}: it is not believed.`;
    },
  },
  {
    code: 'repository_credentials_refused',
    when: ({ shown }) => shown,
    pattern: needsCredentials,
    says: ({ url }) =>
      `The server of ${url} does not take the credentials that were set (some also say so when the repository does not exist).`,
  },
  {
    code: 'repository_not_found',
    when: ({ shown }) => shown,
    pattern: /error: 30[1278]/,
    says: ({ url }) =>
      `${url} leads elsewhere, and credentials are not sent along: the address that it leads to is needed.`,
  },
  {
    code: 'repository_needs_credentials',
    pattern: needsCredentials,
    says: ({ url }) => `${url} asks for credentials (some servers also say so when the repository does not exist).`,
  },
  {
    code: 'repository_not_found',
    pattern:
      /repository .*not found|does not appear to be a git repository|not a valid bundle|error: 404|info\/refs not valid/i,
    says: ({ url }) => `There is no repository at ${url}.`,
  },
  {
    code: 'repository_unreachable',
    pattern:
      /Could not resolve host|Failed to connect|Couldn't connect|Connection (?:refused|reset|timed out|closed)|No route to host|Network is unreachable|timed out|too slow|SSL|certificate|error: 5\d\d|error: 429|early EOF|hung up|RPC failed|unable to access|invalid server response|bad line length|unexpected disconnect|Could not read from remote/i,
    says: ({ url }, line) => `${url} could not be reached: ${line}`,
  },
];

/**
 * The error a person is shown, or null when Git's words point at nothing outside this machine: then the local mirror itself
 * is the suspect.
 */
export function explainGitFailure(failure: GitFailure, asked: Asked): CutoverError | null {
  if (failure.timedOut) {
    return new CutoverError('repository_unreachable', `${asked.url} did not answer in time.`, { cause: failure });
  }
  if (failure.lines.some((line) => damagedHere.test(line))) return null;
  for (const { code, when, pattern, says } of explanations) {
    if (when?.(asked) === false) continue;
    const line = failure.lines.find((candidate) => pattern.test(candidate));
    if (line !== undefined) return new CutoverError(code, says(asked, tidy(line), failure.lines), { cause: failure });
  }
  return null;
}

/** null: it failed for another reason than that the token was not shown. */
export function explainWithheld(failure: GitFailure, url: string, withheld: CutoverError): CutoverError | null {
  if (!failure.lines.some((line) => needsCredentials.test(line))) return null;
  const message = `${url} asks for credentials, and no token of the GitHub App could be had for it: ${withheld.message}`;
  return new CutoverError(withheld.code, message, { cause: withheld });
}

function tidy(line: string): string {
  return line.replace(/^(?:fatal|error): /, '').replace(/[\s.:]+$/, '') + '.';
}
