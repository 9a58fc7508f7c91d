import { isExpired, cutoff, type PastDeployment, type RecordKind } from '../../domain/past-deployment.ts';
import { planArtifacts, type StoredArtifact } from '../../domain/retention.ts';
import type { RetentionPlan } from '../../domain/retention-plan.ts';
import type { RetentionSettings } from '../../domain/retention-settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { ImageStock } from '../ports/image-stock.ts';
import type { LogStock } from '../ports/log-stock.ts';
import type { ArtifactFacts, ArtifactKey, RetentionStore } from '../ports/retention-store.ts';
import type { StaticFiles } from '../ports/static-files.ts';

/** Where it is looked at what there is, and who needs it. */
export interface SurveyPorts {
  readonly clock: Clock;
  readonly images: ImageStock;
  readonly staticFiles: Pick<StaticFiles, 'list'>;
  readonly logStock: LogStock;
  readonly store: RetentionStore;
}

/** What one run removes of each kind at most. */
const atMost = 500;

/** Looks, and changes nothing. */
export async function survey(
  ports: SurveyPorts,
  settings: RetentionSettings,
  signal: AbortSignal,
): Promise<RetentionPlan> {
  const stocked = await stock(ports, signal);
  const facts = await ports.store.facts(
    stocked.map(({ key }) => key),
    settings.rollbackTargets,
  );
  const artifacts = planArtifacts(
    stocked.map((found) => toStored(found, facts.get(found.key.id) ?? unknown)),
    settings,
  );
  const logs = await expired(ports, 'logs', settings);
  const history = await expired(ports, 'history', settings);
  const { logStock } = ports;
  return {
    settings,
    artifacts,
    logs: await Promise.all(logs.map(async (past) => ({ ...past, bytes: await logStock.size(logPrefix(past)) }))),
    history,
    more: logs.length === atMost || history.length === atMost,
  };
}

/** The name that all logs of a deployment begin with. */
export function logPrefix({ id }: Pick<PastDeployment, 'id'>): string {
  return `deployments/${id}`;
}

/** An artifact as it was found. */
export interface Stocked {
  readonly key: ArtifactKey;
  readonly sizeBytes: number | null;
  readonly tags: readonly string[];
  /** Ids of deployments. */
  readonly receivedFor: readonly string[];
}

export async function stock({ images, staticFiles }: SurveyPorts, signal: AbortSignal): Promise<readonly Stocked[]> {
  const [stocked, bundles] = await Promise.all([images.images(signal), staticFiles.list()]);
  return [
    ...stocked.map(({ imageId, sizeBytes, deploymentId, receivedFor, tags }): Stocked => {
      return { key: { type: 'image', id: imageId, deploymentId }, sizeBytes, tags, receivedFor };
    }),
    ...bundles.map((id): Stocked => {
      return { key: { type: 'bundle', id, deploymentId: null }, sizeBytes: null, tags: [], receivedFor: [] };
    }),
  ];
}

/** Whoever asks about what nobody knows. */
const unknown: ArtifactFacts = { uses: [], lastUsedAt: null, awaitedBy: null, sizeBytes: null };

export function toStored({ key, sizeBytes, tags, receivedFor }: Stocked, facts: ArtifactFacts): StoredArtifact {
  const own = tags.filter(
    (tag) => isBuiltFor(tag, key.deploymentId) || receivedFor.some((id) => isReceivedFor(tag, id)),
  );
  return {
    type: key.type,
    id: key.id,
    sizeBytes: sizeBytes ?? facts.sizeBytes,
    // Bundles are in a directory of the platform's own.
    named: key.type === 'bundle' || own.length > 0,
    foreignTags: tags.filter((tag) => !own.includes(tag)),
    lastUsedAt: facts.lastUsedAt,
    uses: facts.uses,
    awaitedBy: facts.awaitedBy,
  };
}

/** `cutover/<project>:<number>-<end of the deployment's id>`, as builds name what they make. */
function isBuiltFor(tag: string, deploymentId: string | null): boolean {
  return deploymentId !== null && /^cutover\/[^:]+:\d+-/.test(tag) && tag.endsWith(`-${deploymentId.slice(-12)}`);
}

/** `cutover-received/<platform>/<project>:<number>-<deployment's id>` */
function isReceivedFor(tag: string, deploymentId: string): boolean {
  return tag.startsWith('cutover-received/') && tag.endsWith(`-${deploymentId}`);
}

/** The oldest first. */
async function expired(
  { clock, store }: SurveyPorts,
  kind: RecordKind,
  settings: RetentionSettings,
): Promise<readonly PastDeployment[]> {
  const now = clock.now();
  const before = cutoff(kind, settings, now);
  const found: PastDeployment[] = [];
  let after: string | null = null;
  do {
    const page = await store.past(kind, { before, after, countTo: settings.keepNewest });
    found.push(...page.deployments.filter((past) => isExpired(kind, past, settings, now)));
    after = page.next;
  } while (after !== null && found.length < atMost);
  return found.slice(0, atMost);
}
