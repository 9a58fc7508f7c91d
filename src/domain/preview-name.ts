import { isPreviewName, isReservedName } from './hosts.ts';
import { subjectKey, type PreviewSubject } from './preview.ts';

const longestName = 40;
const longestLabel = 63;

/**
 * Names for the environment of a preview in a project, the best one first: `pr-42`, what a host can keep of the branch's name, or for its
 * deployment #7 `pr-42-7`. Each is a DNS label that still is one with `-<project>` after it. What would be the same for two branches, or is reserved, has a hash at its end.
 */
export function previewNames(subject: PreviewSubject, project: string): readonly string[] {
  const room = Math.min(longestName, longestLabel - project.length - 1);
  const hash = shortHash(subjectKey(subject));
  if (subject.kind === 'pull-request') return [`pr-${subject.number}`, `pr-${subject.number}-${hash}`];
  if (subject.kind === 'deployment') {
    const [own, hashed] = [`${subject.preview}-${subject.number}`, `d${subject.number}-${hash}`];
    return own.length <= room ? [own, hashed] : [hashed];
  }
  const slug = slugOf(subject.branch);
  const hashed = `${trimmed(slug, room - hash.length - 1) || 'b'}-${hash}`;
  const plain = slug !== '' && slug.length <= room && !isReservedName(slug) && !isPreviewName(slug);
  return plain ? [slug, hashed] : [hashed];
}

/** `Feature/Login_2` is `feature-login-2`. */
function slugOf(branch: string): string {
  return branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

function trimmed(slug: string, length: number): string {
  return slug.slice(0, length).replace(/-+$/, '');
}

/** FNV-1a, 32 bits, as 7 characters of 0-9a-z: enough to tell names of one project apart, and for nothing else. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of utf8(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(36).padStart(7, '0');
}

function utf8(text: string): readonly number[] {
  return [...encodeURIComponent(text).matchAll(/%([0-9A-F]{2})|[^%]/g)].map(([character, hex]) =>
    hex === undefined ? character.charCodeAt(0) : Number.parseInt(hex, 16),
  );
}
