import { createCipheriv, createDecipheriv, createHmac, createHash, randomBytes, randomUUID } from 'node:crypto';
import { CutoverError, type ErrorCode } from '../../../src/domain/errors.ts';
import type { Actor, Role } from '../../../src/domain/roles.ts';
import type { Commands } from '../../../src/engine/commands/commands.ts';
import { credentialCommands } from '../../../src/engine/commands/credentials.ts';
import { environmentCommands } from '../../../src/engine/commands/environments.ts';
import { projectCommands } from '../../../src/engine/commands/projects.ts';
import { registryCommands } from '../../../src/engine/commands/registries.ts';
import { tokenCommands, type TokenDependencies } from '../../../src/engine/commands/tokens.ts';
import { variableCommands } from '../../../src/engine/commands/variables.ts';
import type { ConfigurationStore } from '../../../src/engine/ports/configuration-store.ts';
import type { SecretBox } from '../../../src/engine/ports/secret-box.ts';

export interface ConfigurationBench {
  readonly commands: Omit<
    Commands,
    'deployments' | 'retention' | 'webhooks' | 'pushes' | 'previews' | 'providers' | 'githubApp'
  >;
  readonly store: ConfigurationStore;
  readonly secretBox: SecretBox;
  readonly tokenDependencies: TokenDependencies;
  /** Ids of projects whose host keys were forgotten. */
  readonly forgotten: readonly string[];
  /** How often a deletion was announced. */
  wakes(): number;
}

const random = { id: () => randomUUID(), number: () => 0.5 };

/** The configuration commands over a store. */
export function configurationBench(store: ConfigurationStore): ConfigurationBench {
  let wakes = 0;
  const forgotten: string[] = [];
  const secretBox = testSecretBox();
  const tokenDependencies: TokenDependencies = {
    store: store.tokens,
    random,
    newToken: () => `cut_${randomBytes(32).toString('base64url')}`,
    hashToken: (secret) => createHash('sha256').update(secret).digest('hex'),
  };
  const configuration = {
    store,
    random,
    baseDomain: 'example.test',
    publicHost: 'cutover.example.test',
    checkRepository,
    isReadByApp: async (repository: string) => repository.startsWith('https://github.com/'),
    checkBranch,
    wake: () => wakes++,
  };
  return {
    commands: {
      projects: projectCommands(configuration),
      environments: environmentCommands(configuration),
      variables: variableCommands({ store, random, secretBox }),
      credentials: credentialCommands({
        store,
        random,
        secretBox,
        source: { forgetHostKeys: async (project) => void forgotten.push(project) },
        hostOf: (url) => new URL(url).origin,
      }),
      registries: registryCommands({ store, random, secretBox }),
      tokens: tokenCommands(tokenDependencies),
    },
    store,
    secretBox,
    tokenDependencies,
    wakes: () => wakes,
    forgotten,
  };
}

export function actor(role: Role, project: string | null = null): Actor {
  return { tokenId: randomUUID(), name: `a ${role}`, role, project };
}

export const owner = actor('owner');
export const repository = 'https://git.example.test/app.git';

/** For `assert.rejects`: this code, and this in the message. */
export function refusal(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof CutoverError)) throw error;
    if (error.code === code && message.test(error.message)) return true;
    throw new Error(`expected ${code} with ${message}, got ${error.code}: ${error.message}`, { cause: error });
  };
}

function checkRepository(url: string): void {
  if (!url.startsWith('https://')) throw new CutoverError('repository_refused', 'only https here');
}

function checkBranch(branch: string): void {
  if (branch.startsWith('-')) throw new CutoverError('ref_invalid', 'no options here');
}

/** AES-256-GCM with the row as additional data. */
function testSecretBox(): SecretBox {
  const key = randomBytes(32);
  return {
    seal(plain, row) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(row));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, row) {
      const bytes = Buffer.from(sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(row));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    },
    fingerprint: (text, purpose) => createHmac('sha256', key).update(`${purpose}\0${text}`).digest('hex').slice(0, 32),
  };
}
