import { z } from 'zod';
import { CutoverError } from '../../domain/errors.ts';
import { longestAddress } from '../../domain/repository-identity.ts';
import type { WebhookRequest } from '../../engine/ports/webhook-provider.ts';

/** The JSON of a delivery, also where it is the field `payload` of a form. Error: `invalid_input`. */
export function readPayload({ headers, body }: WebhookRequest): unknown {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const text = decode(body);
  return parseJson(
    type === 'application/x-www-form-urlencoded' ? (new URLSearchParams(text).get('payload') ?? '') : text,
  );
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new CutoverError('invalid_input', 'the body of the delivery is not UTF-8', { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CutoverError('invalid_input', `the body of the delivery is not JSON: ${String(cause)}`, { cause });
  }
}

/** What is asked of a payload; more may be there. Error: `invalid_input`, naming what is missing. */
export function take<S extends z.ZodType>(schema: S, payload: unknown, event: string): z.output<S> {
  const read = schema.safeParse(payload);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new CutoverError(
    'invalid_input',
    `the delivery is no ${event} as it is known: ${where}: ${issue?.message ?? ''}`,
  );
}

export const sha = z.string().regex(/^[0-9a-f]{40}$/, 'is no commit');
/** SHA-1 of nothing: what a branch points to that is not there. */
export const noCommit = '0'.repeat(40);

export function shaOrNull(text: string): string | null {
  return text === noCommit ? null : text;
}

const longestMessage = 200;

/** First line of a message, so long that it can be shown in a list. */
export function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').trim().slice(0, longestMessage);
}

const mostPaths = 3_000;
const longestPath = 1_024;

/** Each once; null where a commit does not tell its own, or there are more, or longer ones, than anybody wants to keep. */
export function changedPaths(commits: readonly CommitPaths[]): readonly string[] | null {
  if (!commits.every(tellsPaths)) return null;
  const paths = new Set<string>();
  for (const { added, modified, removed } of commits)
    for (const list of [added, modified, removed]) for (const path of list ?? []) paths.add(path);
  const kept = paths.size <= mostPaths && [...paths].every((path) => path.length <= longestPath);
  return kept ? [...paths].toSorted() : null;
}

function tellsPaths({ added, modified, removed }: CommitPaths): boolean {
  return Array.isArray(added) && Array.isArray(modified) && Array.isArray(removed);
}

interface CommitPaths {
  readonly added?: readonly string[] | null | undefined;
  readonly modified?: readonly string[] | null | undefined;
  readonly removed?: readonly string[] | null | undefined;
}

const list = z.array(z.string()).nullish();
export const commitPaths = { added: list, modified: list, removed: list };

/** Git itself keeps none that is longer. */
export const refName = z.string().max(1_024, 'is longer than a name in Git can be');

export function branchOf(ref: string): string | null {
  return ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null;
}

export function tagOf(ref: string): string | null {
  return ref.startsWith('refs/tags/') ? ref.slice('refs/tags/'.length) : null;
}

/** Those that are there, and no longer than an address is. */
export function addresses(values: readonly (string | null | undefined)[]): readonly string[] {
  return present(values).filter(({ length }) => length <= longestAddress);
}

export function present(values: readonly (string | null | undefined)[]): readonly string[] {
  return values.filter((value): value is string => typeof value === 'string' && value !== '');
}

/** What can be read of every payload, whatever it is about. */
export function peek<S extends z.ZodType>(schema: S, payload: unknown): z.output<S> | null {
  const read = schema.safeParse(payload);
  return read.success ? read.data : null;
}
