import { CutoverError, type ErrorCode } from './errors.ts';
import { matchesIgnorePattern, parseIgnorePattern, type IgnorePattern } from './ignore-pattern.ts';

export interface IgnoreRules {
  /** A path has slashes, none of them at an end, and neither `.` nor `..`. */
  ignores(path: string): boolean;
  /** Whether something below a directory that is ignored may be taken back in. */
  readonly hasExceptions: boolean;
}

export interface IgnoreFile {
  /** For people. */
  readonly name: string;
  readonly text: string;
  /** Of the error where a line of it is no pattern. */
  readonly refusal: ErrorCode;
  /** Patterns that stand above its first line. */
  readonly above?: readonly string[];
}

interface Rule {
  readonly pattern: IgnorePattern;
  readonly isException: boolean;
}

/**
 * What a file leaves out that is written as a `.dockerignore` is, and read as Docker reads it: the last pattern that names a path, or
 * a directory above it, decides, and upper and lower case differ.
 */
export function readIgnoreFile({ name, text, refusal, above = [] }: IgnoreFile): IgnoreRules {
  const rules: Rule[] = above.map(readRule);
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.startsWith('#') || line.trim() === '') continue;
    try {
      const rule = readRule(line.trim());
      if (rule.pattern.length > 0) rules.push(rule);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      const shown = JSON.stringify(line.trim().slice(0, 200));
      throw new CutoverError(refusal, `${name}, line ${index + 1}: ${shown} is no pattern: ${cause.message}`, {
        cause,
      });
    }
  }
  return {
    ignores: (path) => ignores(rules, path),
    hasExceptions: rules.some(({ isException }) => isException),
  };
}

function readRule(line: string): Rule {
  if (!line.startsWith('!')) return { pattern: parseIgnorePattern(line), isException: false };
  const text = line.slice(1).trim();
  if (text === '') throw new SyntaxError('a "!" has nothing behind it; write "\\!" for the character itself');
  return { pattern: parseIgnorePattern(text), isException: true };
}

function ignores(rules: readonly Rule[], path: string): boolean {
  // Only a rule that would change what those before it say needs to be looked at.
  return rules.reduce(
    (ignored, { pattern, isException }) =>
      ignored === isException && matchesIgnorePattern(pattern, path) ? !isException : ignored,
    false,
  );
}
