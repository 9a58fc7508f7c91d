/**
 * A relative path in its shortest form ('' is the directory itself); null for one that leads out or that a Dockerfile would
 * read as something else than a name.
 */
export function cleanDirectory(text: string): string | null {
  if (!/^[\w@.+ /-]*$/.test(text) || text.startsWith('/')) return null;
  const parts = text
    .trim()
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}
