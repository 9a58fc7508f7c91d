export interface Instruction {
  /** Upper case. */
  readonly name: string;
  readonly rest: string;
}

/** Splits a Dockerfile into instructions: comments left out, continued lines joined, the `escape` directive honoured. */
export function parseInstructions(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile.replace(/^\uFEFF/, '').split(/\r?\n/);
  const escape = escapeCharacter(lines);
  const instructions: Instruction[] = [];
  let pending = '';
  for (const line of lines) {
    if (/^\s*#/.test(line) || (pending !== '' && line.trim() === '')) continue;
    const continued = line.trimEnd().endsWith(escape);
    pending += continued ? `${line.trimEnd().slice(0, -1)} ` : line;
    if (continued) continue;
    const match = /^\s*([A-Za-z]+)(?:\s+(.*))?$/s.exec(pending);
    if (match?.[1] !== undefined) instructions.push({ name: match[1].toUpperCase(), rest: (match[2] ?? '').trim() });
    pending = '';
  }
  return instructions;
}

/** Directives are comments of the form `# key=value` before anything else. */
function escapeCharacter(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^#\s*([A-Za-z]+)\s*=\s*(\S+)\s*$/.exec(line);
    if (directive === null) return '\\';
    if (directive[1]?.toLowerCase() === 'escape') return directive[2] ?? '\\';
  }
  return '\\';
}
