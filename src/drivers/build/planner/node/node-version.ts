import semver from 'semver';
import type { AppFiles } from '../app-files.ts';
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

interface Wish {
  readonly from: string;
  readonly text: string;
}

/** Where versions are asked for: the app's directory, and the root of its workspace. */
export interface VersionSource {
  readonly files: AppFiles;
  readonly manifest: Manifest;
}

/**
 * The newest major that fits `engines`, else .nvmrc, .node-version, Volta, .tool-versions, the app's own before its workspace's. A later wish narrows
 * an earlier one (`>=18` and .nvmrc 22: 22) and never contradicts it. What is asked for and not available is said.
 */
export async function chooseNodeVersion(sources: readonly VersionSource[]): Promise<NodeVersion> {
  const wishes = (await Promise.all(sources.map(wishesOf))).flat();
  const [first, ...others] = wishes;
  if (first === undefined) {
    return { major: defaultMajor, reason: `Node ${defaultMajor}, the default (no version is asked for)` };
  }
  const fitting = fittingMajors(first.text);
  if (fitting.length === 0) return unavailable(first);
  const narrower = others.find(({ text }) => narrows(fitting, fittingMajors(text)));
  const left =
    narrower === undefined ? fitting : fittingMajors(narrower.text).filter((major) => fitting.includes(major));
  const from = narrower === undefined ? `\`${first.from}\`` : `\`${first.from}\` and \`${narrower.from}\``;
  const major = left.at(-1) ?? defaultMajor;
  return { major, reason: `Node ${major} from ${from}` };
}

async function wishesOf({ files, manifest }: VersionSource): Promise<readonly Wish[]> {
  const tools = /^nodejs?[ \t]+(\S+)/m.exec((await files.read('.tool-versions')) ?? '')?.[1] ?? null;
  const all = [
    { from: 'engines', text: manifest.nodeEngine },
    { from: '.nvmrc', text: firstLine(await files.read('.nvmrc')) },
    { from: '.node-version', text: firstLine(await files.read('.node-version')) },
    { from: 'volta', text: manifest.voltaNode },
    { from: '.tool-versions', text: tools },
  ];
  return all.filter((wish): wish is Wish => wish.text !== null);
}

function fittingMajors(text: string): readonly number[] {
  const range = rangeOf(text);
  return range === null ? [] : availableMajors.filter((major) => semver.intersects(range, `${major}.x`));
}

function narrows(before: readonly number[], after: readonly number[]): boolean {
  const both = before.filter((major) => after.includes(major));
  return both.length > 0 && both.length < before.length;
}

export function nodeImage(version: NodeVersion): string {
  return `node:${version.major}-slim`;
}

function unavailable({ from, text }: Wish): NodeVersion {
  const range = rangeOf(text);
  if (range === null) {
    return {
      major: defaultMajor,
      reason: `Node ${defaultMajor}, the default (\`${from}\` says "${text}", not a version)`,
    };
  }
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
