import semver from 'semver';
import type { AppFiles } from './app-files.ts';
import type { Manifest } from './manifest.ts';

/** Majors that base images exist for, ascending. */
const availableMajors = [22, 24] as const;
const defaultMajor = 24;
const codenames: Readonly<Record<string, string>> = { jod: '22', krypton: '24' };

export interface NodeVersion {
  readonly major: number;
  /** "Node 24 from `engines`" */
  readonly reason: string;
}

/** `engines.node`, else .nvmrc, else .node-version, else the default. What is asked for and not available is said. */
export async function chooseNodeVersion(files: AppFiles, manifest: Manifest): Promise<NodeVersion> {
  const wishes = [
    { from: 'engines', text: manifest.nodeEngine },
    { from: '.nvmrc', text: firstLine(await files.read('.nvmrc')) },
    { from: '.node-version', text: firstLine(await files.read('.node-version')) },
  ];
  for (const { from, text } of wishes) {
    if (text === null) continue;
    return fromWish(from, text);
  }
  return { major: defaultMajor, reason: `Node ${defaultMajor}, the default (no version is asked for)` };
}

export function nodeImage(version: NodeVersion): string {
  return `node:${version.major}-slim`;
}

function fromWish(from: string, text: string): NodeVersion {
  const range = rangeOf(text);
  if (range === null) {
    return {
      major: defaultMajor,
      reason: `Node ${defaultMajor}, the default (\`${from}\` says "${text}", not a version)`,
    };
  }
  const fitting = availableMajors.findLast((major) => semver.intersects(range, `${major}.x`));
  if (fitting !== undefined) return { major: fitting, reason: `Node ${fitting} from \`${from}\`` };
  const lowest = semver.minVersion(range);
  const nearest = availableMajors.find((major) => lowest !== null && major >= lowest.major) ?? defaultMajor;
  return { major: nearest, reason: `Node ${nearest} (\`${from}\` asks for "${text}", which is not available)` };
}

function rangeOf(text: string): string | null {
  const wish = text.toLowerCase();
  if (['lts/*', 'lts', 'node', 'stable', 'latest', 'current', '*'].includes(wish)) return '*';
  return semver.validRange(codenames[wish.replace(/^lts\//, '')] ?? wish);
}

function firstLine(text: string | null): string | null {
  const line = text?.split('\n').find((candidate) => candidate.trim() !== '' && !candidate.startsWith('#'));
  return line?.trim() ?? null;
}
