/** A command of the user's as one argument of a shell, so that nothing in it is read as Dockerfile syntax. */
export function shell(command: string): string {
  return JSON.stringify(['sh', '-c', command]);
}

/** The text of a Dockerfile, with the line feed that ends it. */
export function dockerfileOf(...parts: readonly (readonly string[])[]): string {
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
