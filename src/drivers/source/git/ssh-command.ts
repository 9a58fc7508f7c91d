interface SshFiles {
  /** null: no key is shown to the server, none of this machine's either. */
  readonly keyFile: string | null;
  readonly knownHostsFile: string;
}

/**
 * The ssh that Git runs, as the line for a shell that `GIT_SSH_COMMAND` is. It asks nobody, takes nothing from this machine's own
 * configuration, agents and keys, and passes nothing on.
 */
export function sshCommand({ keyFile, knownHostsFile }: SshFiles): string {
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${pathValue(knownHostsFile)}`,
    'UpdateHostKeys=no',
    'CheckHostIP=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `IdentityFile=${keyFile === null ? 'none' : pathValue(keyFile)}`,
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
  ];
  return ['ssh', '-F', 'none', ...options.flatMap((option) => ['-o', option])].map(shellWord).join(' ');
}

/** ssh splits values at spaces, and reads `%` and `\` in them. */
function pathValue(path: string): string {
  return `"${path.replaceAll(/[\\"]/g, String.raw`\$&`).replaceAll('%', '%%')}"`;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
