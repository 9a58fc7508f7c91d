import { createHash } from 'node:crypto';
import type { BuildSecret } from '../../../domain/build-secrets.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { BuildRequest } from '../../../engine/ports/builder.ts';
import {
  certificatesId,
  environmentFile,
  environmentId,
  plainEnvironment,
  provideEnvironment,
} from './build-environment.ts';
import type { ResolvedNetwork } from './build-network.ts';
import { withoutArguments } from './declared-arguments.ts';
import type { SecretValues } from './build-session.ts';
import { plainMounts, scopeMounts, secretId, type MountRules } from './mounts.ts';

/** BuildKit refuses longer ones. */
const longestSecretBytes = 500 * 1024;

/** A Dockerfile as it is sent, with what its steps will ask for. */
export interface PreparedDockerfile {
  readonly text: string;
  readonly secretValues: SecretValues;
  /** What a step of it is called for people: as it stands in the repository or in the plan. */
  readonly plainName: (stepName: string) => string;
}

/** Error: `invalid_input` for more than a build can be given. */
export function prepareDockerfile(
  dockerfile: string,
  request: BuildRequest,
  { certificates, proxy }: ResolvedNetwork,
): PreparedDockerfile {
  const isPlanned = request.plan.preset !== 'dockerfile';
  const hasSecrets = request.secrets.length > 0;
  const secrets = isPlanned && hasSecrets ? [...request.secrets, allOf(request.secrets)] : request.secrets;
  const rules: MountRules = { cacheScope: request.cacheScope, secrets };
  const provided = { secrets: hasSecrets, certificates: certificates !== null };
  const own = Object.keys(proxy).filter((name) => !(name in request.plan.buildArgs));
  const undeclared = withoutArguments(dockerfile, new Set(own));
  const values = secrets.map((secret) => [secretId(secret), checked(secret).value] as const);
  return {
    text: scopeMounts(isPlanned ? provideEnvironment(dockerfile, provided) : undeclared, rules),
    // Other certificates are no other input: their id is always the same.
    secretValues: new Map([...values, ...(certificates === null ? [] : [[certificatesId, certificates] as const])]),
    plainName: (name) => plainEnvironment(plainMounts(name, rules)),
  };
}

/** All of them in one, so that every step has one mount however many there are. */
function allOf(secrets: readonly BuildSecret[]): BuildSecret {
  const fingerprints = secrets.map(({ name, fingerprint }) => `${name}.${fingerprint}\n`).join('');
  const fingerprint = createHash('sha256').update(fingerprints).digest('hex').slice(0, 32);
  return { name: environmentId, value: environmentFile(secrets), fingerprint };
}

function checked(secret: BuildSecret): BuildSecret {
  if (Buffer.byteLength(secret.value) <= longestSecretBytes) return secret;
  const what = secret.name === environmentId ? 'the variables of the build together' : secret.name;
  throw new CutoverError('invalid_input', `${what}: a build can be given ${longestSecretBytes / 1024} KiB at most`);
}
