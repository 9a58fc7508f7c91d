import type { Masker } from './ports/logs.ts';

const shortest = 6;
const mask = '••••••';

/** Where there are no secrets: every text stays as it is. */
export const nothingToMask: Masker = (text) => text;

/**
 * A masker for these values (rule 3.4): each of at least 6 characters is replaced wherever it stands as it is, in base64 (plain
 * and URL-safe, at every alignment, so also inside a longer encoded text), in hex, URL-encoded or JSON-escaped. Each line of a
 * value of several lines counts as a value of its own. Overlapping finds are masked as one.
 */
export function createMasker(secretValues: readonly string[]): Masker {
  const needles = new Set(secretValues.flatMap(spellingsOf));
  if (needles.size === 0) return nothingToMask;
  const longestFirst = [...needles].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
  return (text) => replaceAll(text, pattern);
}

/** Everything that stands for the value, or for a line of it, and that nobody may read; nothing for one that is too short to be masked. */
export function spellingsOf(value: string): readonly string[] {
  const parts = [value, value.trim(), ...value.split(/\r?\n/)];
  return [...new Set(parts.filter((part) => Array.from(part).length >= shortest).flatMap(spellings))];
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/** Every way a secret may be spelt in a line. */
function spellings(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const encoded = encodeURIComponent(value.toWellFormed());
  const strict = encoded.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const urlForms = [encoded, strict].flatMap((form) => [form, form.replaceAll('%20', '+')]);
  const whole = bytes.toString('base64');
  const base64Forms = [whole, whole.replace(/=+$/, ''), ...[0, 1, 2].flatMap((before) => base64At(bytes, before))];
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    hex,
    hex.toUpperCase(),
    ...urlForms,
    ...urlForms.map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    ...base64Forms,
    ...base64Forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** The base64 characters that do not depend on what stands around the bytes, when `alignment` bytes stand before them. */
function base64At(bytes: Buffer, alignment: number): readonly string[] {
  const text = Buffer.concat([Buffer.alloc(alignment), bytes]).toString('base64');
  const first = Math.ceil((alignment * 8) / 6);
  const end = Math.floor(((alignment + bytes.length) * 8) / 6);
  return [text.slice(first, end)];
}

/** Looks again one character after each find, so that a second secret that overlaps the first is found as well. */
function replaceAll(text: string, pattern: RegExp): string {
  let result = '';
  let copied = 0;
  let masked = 0;
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const end = found.index + found[0].length;
    if (found.index >= masked) {
      result += text.slice(copied, found.index) + mask;
      copied = end;
    }
    masked = Math.max(masked, end);
    copied = Math.max(copied, end);
    pattern.lastIndex = found.index + 1;
  }
  return copied === 0 ? text : result + text.slice(copied);
}
