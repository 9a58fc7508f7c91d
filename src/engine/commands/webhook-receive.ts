import { createHash } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { repositoryIdentity } from '../../domain/repository-identity.ts';
import { providerNames, type WebhookProvider, type WebhookReading } from '../../domain/webhook.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { WebhookDriver, WebhookRequest } from '../ports/webhook-provider.ts';
import type { StoredHook, WebhookStore } from '../ports/webhook-store.ts';
import type { IncomingDelivery, ReceivedDelivery } from './webhook-commands.ts';
import { RefusalMeter } from './refusal-meter.ts';
import { storable } from './storable.ts';
import { openHookSecret } from './webhook-secret.ts';

export interface ReceiverDependencies {
  readonly store: WebhookStore;
  readonly drivers: Readonly<Record<WebhookProvider, WebhookDriver>>;
  readonly secretBox: SecretBox;
  readonly random: Random;
  readonly clock: Clock;
  /** There is a delivery to be worked on. */
  readonly wakeProcessor: () => void;
}

const nothingRead: WebhookReading = {
  name: 'unknown',
  repositories: [],
  sender: null,
  events: [],
  ignored: null,
};

/** Takes deliveries of providers: who may, whether it is new, and kept, before anything is answered. */
export function webhookReceiver(
  dependencies: ReceiverDependencies,
): (delivery: IncomingDelivery) => Promise<ReceivedDelivery> {
  const refusals = new RefusalMeter(dependencies.clock);
  return async ({ provider, hookId, headers, body }) => {
    const hook = await dependencies.store.hook(hookId);
    if (hook === null || (hook.provider !== null && hook.provider !== provider))
      throw new CutoverError('not_found', `there is no webhook of ${providerNames[provider]} at this address`);
    if (hook.boundProvider !== null && hook.boundProvider !== provider)
      throw new CutoverError(
        'not_found',
        `the webhook is of ${providerNames[hook.boundProvider]}, which delivered first; a new secret is for any`,
      );
    // What cannot be signed is not read, and is refused like what is signed otherwise.
    const read = dependencies.drivers[provider].showsSignature(headers) ? body : async () => new Uint8Array();
    const arrival = { hook, provider, request: { headers, body: await read() } };
    try {
      return await accept(dependencies, arrival, check(dependencies, arrival));
    } catch (error) {
      if (error instanceof CutoverError && refusedCodes.has(error.code))
        await noteRefusal(dependencies, refusals, { ...arrival, error });
      throw error;
    }
  };
}

const refusedCodes: ReadonlySet<string> = new Set(['webhook_signature_invalid', 'invalid_input']);

interface Arrival {
  readonly hook: StoredHook;
  readonly provider: WebhookProvider;
  readonly request: WebhookRequest;
}

/** Errors: `webhook_signature_invalid`, `invalid_input`. */
function check({ drivers, secretBox }: ReceiverDependencies, { hook, provider, request }: Arrival): WebhookReading {
  const driver = drivers[provider];
  if (!driver.isSigned(request, openHookSecret(secretBox, hook)))
    throw new CutoverError('webhook_signature_invalid', 'the delivery is not signed with the secret of this webhook');
  return storable(driver.read(request));
}

async function accept(
  { store, drivers, random, wakeProcessor }: ReceiverDependencies,
  { hook, provider, request }: Arrival,
  reading: WebhookReading,
): Promise<ReceivedDelivery> {
  const driver = drivers[provider];
  const digest = createHash('sha256').update(request.body).digest('hex');
  const state = reading.ignored === null ? 'pending' : 'ignored';
  const { id, replayed } = await store.keep({
    id: random.id(),
    hookId: hook.id,
    projectId: hook.projectId,
    provider,
    state,
    verified: true,
    reason: reading.ignored,
    key: keyOf(driver.deliveryId(request), digest),
    digest: driver.bodiesDiffer ? digest : null,
    queue: queueOf(reading, hook),
    reading,
    repeats: 0,
  });
  if (hook.projectId !== null && hook.boundProvider === null) await store.bindHook(hook.id, provider);
  if (replayed) return { id, outcome: 'replayed', reason: 'the same delivery came before' };
  if (state === 'pending') wakeProcessor();
  return { id, outcome: state === 'pending' ? 'accepted' : 'ignored', reason: reading.ignored };
}

/** What comes from outside is never longer than a number of a delivery is. */
function keyOf(deliveryId: string | null, digest: string): string {
  return deliveryId === null ? `digest ${digest}` : `id ${deliveryId.slice(0, 200)}`;
}

/** No repository that is deployed has a longer address. */
const longestQueue = 500;

/** Pushes to one repository are deployed in the order in which they came to the hook; nobody holds up who has another one. */
function queueOf({ repositories: [repository] }: WebhookReading, hook: StoredHook): string {
  const identity = repository === undefined ? null : repositoryIdentity(repository);
  return identity === null || identity.length > longestQueue ? hook.id : `${hook.id} ${identity}`;
}

interface Refusal extends Arrival {
  readonly error: CutoverError;
}

/** Whoever knows the address may send what they like: what is kept of it does not grow with that. */
async function noteRefusal(
  { store, random }: ReceiverDependencies,
  refusals: RefusalMeter,
  { hook, provider, error }: Refusal,
): Promise<void> {
  const others = refusals.note(hook.id);
  if (others === null) return;
  const id = random.id();
  await store.keep({
    id,
    hookId: hook.id,
    projectId: hook.projectId,
    provider,
    state: 'refused',
    verified: error.code !== 'webhook_signature_invalid',
    reason: storable(error.message),
    key: `refused ${id}`,
    digest: null,
    queue: hook.id,
    reading: nothingRead,
    repeats: others,
  });
}
