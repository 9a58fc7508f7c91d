import type { z } from 'zod';
import type { DocumentPath, DocumentProblem } from '../../domain/app-config.ts';
import { quoted } from '../../domain/app-config/quoted.ts';
import { closest } from '../closest.ts';
import { misplacedKey } from './misplaced-keys.ts';
import { knownKeys } from './known-keys.ts';

type Issue = z.core.$ZodIssue;

/** What an issue of the schema means for who wrote the file. */
export function documentProblems(issue: Issue, schema: z.core.$ZodType): readonly DocumentProblem[] {
  return problemsAt([], issue, schema);
}

function problemsAt(base: DocumentPath, issue: Issue, schema: z.core.$ZodType): readonly DocumentProblem[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: unknownKey(path, key, schema) }));
  }
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors);
    if (meant !== null) return meant.flatMap((inner) => problemsAt(path, inner, schema));
  }
  const at = issue.code === 'custom' && issue.params?.['at'] === 'key' ? 'key' : 'value';
  const subject = path.length === 0 ? 'the file' : describePath(path);
  return [{ path, at, message: at === 'key' ? `${subject}: ${issue.message}` : `${subject} ${issue.message}` }];
}

/** Of several forms the one whose type is right, so that its faults are what is wrong; null where no form or more than one is. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const fitting = branches.filter((issues) => !issues.some(isOtherType));
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

function isOtherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return meantBranch(issue.errors) === null;
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function unknownKey(parent: DocumentPath, key: string, schema: z.core.$ZodType): string {
  const place = parent.length === 0 ? '' : ` in ${describePath(parent)}`;
  const text = `unknown key ${quoted(key)}${place}`;
  const advice = misplacedKey(parent, key);
  if (advice !== null) return `${text}: ${advice}`;
  const suggestion = closest(key.slice(0, 64), knownKeys(schema, parent));
  return suggestion === null ? text : `${text} (did you mean "${suggestion}"?)`;
}

/** `processes.worker.command[1]`; names that are not plain are quoted. */
export function describePath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = /^[\w-]{1,64}$/.test(part) ? part : quoted(part);
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
