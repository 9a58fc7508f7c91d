import { notDetected } from './app.ts';

/** Data as JSON, TOML and YAML give it: what is not there, or of another type, is told as such and never thrown at. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** The member below the member, and so on. */
export function memberAt(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce(memberOf, value);
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
}

export function namesOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

/** JSON, with the comments that some tools allow. Errors: `app_not_detected` when it is none. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return parseRelaxed(text, name);
  }
}

function parseRelaxed(text: string, name: string): unknown {
  const plain = text
    .replaceAll(
      /("(?:[^"\\\n]|\\.)*")|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))|\/\/.*$/gm,
      (_, kept: string | undefined) => kept ?? '',
    )
    .replaceAll(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])/g, (_, kept: string | undefined) => kept ?? '');
  try {
    return JSON.parse(plain);
  } catch (error) {
    throw notDetected(`${name} is not valid JSON: ${String(error)}`);
  }
}
