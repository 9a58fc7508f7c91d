import { z } from 'zod';
import type { InstallationEvent } from '../../domain/repository-event.ts';
import { firstLine, take } from './payload.ts';

const installationSchema = z.object({
  action: z.string(),
  installation: z.object({ id: z.int().positive(), account: z.object({ login: z.string() }).nullish() }),
});

/** Events that GitHub sends to Apps alone. */
export const installationEvents: ReadonlySet<string> = new Set(['installation', 'installation_repositories']);

/** Error: `invalid_input`. */
export function readInstallation(payload: unknown): InstallationEvent {
  const { action, installation } = take(installationSchema, payload, 'event of an installation');
  const account = firstLine(installation.account?.login ?? 'somebody');
  return { kind: 'installation', installation: String(installation.id), account, action: firstLine(action) };
}
