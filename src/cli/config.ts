import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CutoverError } from '../contract/errors.ts';

export const defaultUrl = 'http://127.0.0.1:7080';

const loginSchema = z.object({ url: z.string(), token: z.string() });
export type Login = z.output<typeof loginSchema>;

type Env = Readonly<Record<string, string | undefined>>;

/** `CUTOVER_CONFIG_DIR`, else `$XDG_CONFIG_HOME/cutover`, else `~/.config/cutover`. */
export function configDirectory(env: Env): string {
  const own = env['CUTOVER_CONFIG_DIR'];
  if (own) return own;
  const base = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? '/', '.config');
  return join(base, 'cutover');
}

/** The stored login, or null. Error: `usage` when the file is damaged. */
export async function readLogin(env: Env): Promise<Login | null> {
  const file = join(configDirectory(env), 'config.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new CutoverError('usage', `${file} cannot be read: ${error.message}`, { cause: error });
  });
  return text === null ? null : parseLogin(text, file);
}

/** Readable by its owner only; the old file stays whole until the new one is. */
export async function writeLogin(env: Env, login: Login): Promise<string> {
  const directory = configDirectory(env);
  const file = join(directory, 'config.json');
  const draft = `${file}.${process.pid}`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, file);
  return file;
}

/** Address and token in force: `CUTOVER_URL` and `CUTOVER_TOKEN` win over what is stored. */
export async function currentLogin(env: Env): Promise<{ readonly url: string; readonly token: string | null }> {
  const stored = await readLogin(env);
  return {
    url: env['CUTOVER_URL'] || stored?.url || defaultUrl,
    token: env['CUTOVER_TOKEN'] || stored?.token || null,
  };
}

function parseLogin(text: string, file: string): Login {
  try {
    return loginSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CutoverError('usage', `${file} is damaged; remove it and log in again`, { cause });
  }
}
