import { InvalidArgumentError } from 'commander';

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
  tib: 1_099_511_627_776,
};

/** "10gb", "500mb", "1gib" and "0" as bytes; as Docker's command line does it, a gigabyte is a thousand megabytes. */
export function parseBytes(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = unitBytes[(unit ?? '').toLowerCase()];
  if (amount === undefined || factor === undefined) {
    throw new InvalidArgumentError('Write a size with its unit: 500mb, 10gb or 1gib.');
  }
  return Math.round(Number(amount) * factor);
}

/** "1.2 GB", "48.1 MB", "4.2 kB". */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e3).toFixed(1)} kB`;
}
