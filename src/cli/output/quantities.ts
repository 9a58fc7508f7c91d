import { InvalidArgumentError } from 'commander';
import { mbPerUnit, msPerUnit } from '../../contract/units.ts';

/** "30s", "500ms", "2m", "1h" as milliseconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = msPerUnit[unit ?? ''];
  if (amount === undefined || factor === undefined) {
    throw new InvalidArgumentError('Write a duration with its unit: 500ms, 30s, 2m or 1h.');
  }
  return Math.round(Number(amount) * factor);
}

/** "90d", "12h", "30m" as milliseconds. */
export function parseLifetime(text: string): number {
  const [, amount, unit] = /^(\d{1,6})(m|h|d)$/.exec(text) ?? [];
  const factor = unit === 'd' ? 24 * 3_600_000 : msPerUnit[unit ?? ''];
  if (amount === undefined || factor === undefined) {
    throw new InvalidArgumentError('Write a time with its unit: 90d, 12h or 30m.');
  }
  return Number(amount) * factor;
}

/** "512", "512mb" and "1gb" as MiB. */
export function parseMemory(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([a-z]*)$/i.exec(text) ?? [];
  const factor = mbPerUnit[(unit ?? '').toLowerCase() || 'mb'];
  if (amount === undefined || factor === undefined) {
    throw new InvalidArgumentError('Write an amount of memory: 512mb or 1gb.');
  }
  return Math.round(Number(amount) * factor);
}

export function parseNumber(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Write a number.');
  return Number(text);
}

export function parseWhole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

/** "#42" and "42". */
export function parseDeploymentNumber(text: string): number {
  return parseWhole(text.replace(/^#/, ''));
}

/** "350 ms", "12.3 s", "4 min 05 s". */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** "just now", "5 min ago", "3 days ago". */
export function formatAge(iso: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1_440)} days ago`;
}

/** "3,214". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** "0 %", "0.4 %", "12 %"; a dash where there is nothing to divide by. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = (part / whole) * 100;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
}

/** "0.12 cores". */
export function formatCores(cores: number): string {
  return `${cores.toFixed(2)} cores`;
}

/** "1 restart", "3 restarts". */
export function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** One line without what would move the cursor: texts of commits come from outside. */
export function plainText(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
