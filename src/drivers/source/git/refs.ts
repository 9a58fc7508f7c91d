import { CutoverError } from '../../../domain/errors.ts';

/**
 * Names of branches, narrower than `git check-ref-format`: that one accepts `$(id)`. Letters of every script, digits, and
 * punctuation that means nothing to a shell or to Git's revision syntax.
 */
const branchCharacters = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._/+@#=,%-]*$/u;
const ownerCharacters = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Errors: `ref_invalid`. */
export function checkBranch(branch: string): void {
  const parts = branch.split('/');
  const legal =
    branch.length <= 255 &&
    branchCharacters.test(branch) &&
    !branch.includes('..') &&
    !branch.endsWith('.') &&
    parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
  if (!legal) throw new CutoverError('ref_invalid', `${JSON.stringify(branch)} is not a legal branch name.`);
}

/** Errors: `ref_invalid`. */
export function checkCommit(commit: string): void {
  if (!/^[0-9a-f]{40}$/.test(commit)) {
    throw new CutoverError('ref_invalid', `${JSON.stringify(commit)} is not a commit: 40 hex digits are needed.`);
  }
}

/** Path of a directory of the repository as Git spells it; `''` for the root. Errors: `directory_not_found`. */
export function treePath(directory: string): string {
  const parts = directory.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || directory.includes('\0') || directory.length > 4096) {
    throw new CutoverError('directory_not_found', `${JSON.stringify(directory)} leads out of the repository.`);
  }
  return parts.join('/');
}

/** An owner names a directory. Errors: `invalid_input`. */
export function checkOwner(owner: string): void {
  if (!ownerCharacters.test(owner)) {
    throw new CutoverError('invalid_input', `${JSON.stringify(owner)} cannot own a work tree.`);
  }
}
