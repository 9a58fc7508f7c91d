import { buildEnvironmentHash, type BuildSecret } from '../../../domain/build-secrets.ts';
import { placedFlags, placedInstructions, type PlacedInstruction } from './run-instructions.ts';

/** Id of the secret that holds all of them as text for a shell. */
export const environmentId = 'cutover-env';
/** Id of the secret that holds the certificates that builds trust. */
export const certificatesId = 'cutover-ca';

/** What is mounted for a step, and what a shell does with it before the step's own command. */
interface Provision {
  readonly mount: string;
  readonly read: string;
}

const environment: Provision = {
  mount: `--mount=type=secret,id=${environmentId},target=/run/${environmentId},mode=0444`,
  read: `. /run/${environmentId}; `,
};

/** Where programs of many languages look for them. */
const certificateVariables = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
];
const certificates: Provision = {
  mount: `--mount=type=secret,id=${certificatesId},target=/run/${certificatesId},mode=0444`,
  read: `export ${certificateVariables.map((name) => `${name}=/run/${certificatesId}`).join(' ')}; `,
};

/** What there is to provide. */
export interface Provided {
  readonly secrets: boolean;
  readonly certificates: boolean;
}

/**
 * A Dockerfile that the platform wrote, with the certificates in every step, and with the secrets as environment variables in every step
 * after `ARG BUILD_ENV_HASH`, in its stage and in those that start from it. Both are files that are mounted for that step alone: builders
 * that are old know no secrets in the environment.
 */
export function provideEnvironment(dockerfile: string, provided: Provided): string {
  const stages = new Map<string, boolean>();
  let visible = false;
  let name = '';
  let result = '';
  let copied = 0;
  for (const instruction of placedInstructions(dockerfile)) {
    const text = dockerfile.slice(instruction.from, instruction.to);
    if (instruction.name === 'FROM') {
      const [image = '', as = ''] = stageOf(text);
      visible = stages.get(image) ?? false;
      name = as;
    }
    if (instruction.name === 'ARG' && new RegExp(`\\b${buildEnvironmentHash}\\b`).test(text)) visible = true;
    stages.set(name, visible);
    const provisions = [
      ...(provided.certificates ? [certificates] : []),
      ...(provided.secrets && visible ? [environment] : []),
    ];
    if (instruction.name !== 'RUN' || provisions.length === 0) continue;
    result += dockerfile.slice(copied, instruction.from) + withProvisions(dockerfile, instruction, provisions);
    copied = instruction.to;
  }
  return result + dockerfile.slice(copied);
}

/** The secrets as a file that a POSIX shell reads. */
export function environmentFile(secrets: readonly BuildSecret[]): string {
  return secrets.map(({ name, value }) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`).join('');
}

/** What a step is called for people: as it is planned. */
export function plainEnvironment(stepName: string): string {
  return [environment, certificates]
    .reduce((name, { read }) => name.replaceAll(read, ''), stepName)
    .replaceAll(/--mount=type=secret,\S*\/run\/cutover-(?:env|ca)\b\S* /g, '')
    .replaceAll(/\["sh","-c","exec \\?"\$@\\?"","sh",/g, '[');
}

/** Image or stage, and the name of the stage, lower case. */
function stageOf(text: string): readonly string[] {
  const words = text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--'));
  return [words[0] ?? '', words[1]?.toLowerCase() === 'as' ? (words[2] ?? '') : ''].map((word) => word.toLowerCase());
}

function withProvisions(dockerfile: string, instruction: PlacedInstruction, provisions: readonly Provision[]): string {
  const { rest } = placedFlags(dockerfile, instruction);
  const flags = dockerfile.slice(instruction.from, rest).trimEnd();
  const command = dockerfile.slice(rest, instruction.to);
  const mounts = provisions.map(({ mount }) => mount).join(' ');
  return `${flags} ${mounts} ${commandAfter(provisions.map(({ read }) => read).join(''), command)}`;
}

/** A command that is no text for a shell is started by one that has read the file. */
function commandAfter(read: string, command: string): string {
  const words = wordsOf(command);
  return words === null ? `${read}${command}` : JSON.stringify(['sh', '-c', `${read}exec "$@"`, 'sh', ...words]);
}

function wordsOf(command: string): readonly string[] | null {
  if (!command.startsWith('[')) return null;
  try {
    const words: unknown = JSON.parse(command);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
