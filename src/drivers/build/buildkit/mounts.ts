import type { BuildSecret } from '../../../domain/build-secrets.ts';
import { placedFlags, placedInstructions } from './run-instructions.ts';

/** What the mounts of a build are given beside what stands in the Dockerfile. */
export interface MountRules {
  /** Put before the ids of cache mounts, so that only builds of the same scope share them. */
  readonly cacheScope: string;
  readonly secrets: readonly BuildSecret[];
}

/**
 * The Dockerfile with the scope in the id of every cache mount, also of those that name none and would be shared by everybody, and with
 * the secret's fingerprint in the id of every mount of a known secret, because ids count for BuildKit's cache and values do not: a step
 * runs again when a secret that it reads has changed. No line is added or taken away.
 */
export function scopeMounts(dockerfile: string, rules: MountRules): string {
  let result = '';
  let copied = 0;
  for (const instruction of placedInstructions(dockerfile)) {
    if (instruction.name !== 'RUN') continue;
    for (const flag of placedFlags(dockerfile, instruction).flags) {
      const mount = flag.name === 'mount' ? scopedMount(flag.value, rules) : null;
      if (mount === null) continue;
      result += `${dockerfile.slice(copied, flag.from)}--mount=${quoted(mount)}`;
      copied = flag.to;
    }
  }
  return result + dockerfile.slice(copied);
}

/** The id of a secret's mount: its name alone would not tell BuildKit that the value is another one. */
export function secretId({ name, fingerprint }: Pick<BuildSecret, 'name' | 'fingerprint'>): string {
  return `${name}.${fingerprint}`;
}

/** What a step is called for people: as it stands in the repository's Dockerfile. */
export function plainMounts(stepName: string, { cacheScope, secrets }: MountRules): string {
  const known = secrets.reduce((name, secret) => name.replaceAll(secretId(secret), secret.name), stepName);
  return known.replaceAll(`${cacheScope}/`, '');
}

/** null: it stays as it is. */
function scopedMount(mount: string, { cacheScope, secrets }: MountRules): string | null {
  const fields = mount.split(',');
  const valueOf = (...keys: readonly string[]) =>
    fields.find((field) => keys.includes(keyOf(field)))?.replace(/^[^=]*=?/, '');
  const type = valueOf('type')?.toLowerCase();
  const target = valueOf('target', 'dst', 'destination');
  const id = valueOf('id');
  if (type === 'cache') return withId(fields, `${cacheScope}/${id ?? target ?? ''}`);
  if (type !== 'secret') return null;
  const secret = secrets.find(({ name }) => name === (id ?? baseName(target ?? '')));
  if (secret === undefined) return null;
  const place = target === undefined && valueOf('env') === undefined ? [`target=/run/secrets/${secret.name}`] : [];
  return withId([...fields, ...place], secretId(secret));
}

function withId(fields: readonly string[], id: string): string {
  const named = fields.map((field) => (keyOf(field) === 'id' ? `id=${id}` : field));
  return (named.includes(`id=${id}`) ? named : [...named, `id=${id}`]).join(',');
}

function keyOf(field: string): string {
  return (field.split('=')[0] ?? '').trim().toLowerCase();
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function quoted(value: string): string {
  return /[\s"'\\]/.test(value) ? `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"` : value;
}
