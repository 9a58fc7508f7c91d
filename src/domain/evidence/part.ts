import { addUnits, isDue, openBucket, strata, type Bucket, type Stratum } from './bucket.ts';
import { addBucket, noEvidence, type Evidence } from './evidence.ts';
import { remember, type ClientList } from './client-list.ts';
import { stratumOf } from './request-outcome.ts';
import { sumOf, type Tallies, type Version } from './tally.ts';

/** One test: of all traffic, or of one route. Its strata have buckets of their own and add to the same evidence. */
export interface Part {
  readonly evidence: Evidence;
  readonly open: Readonly<Record<Stratum, Bucket | null>>;
  /** Clients that had their first bad outcome since the test began, and are no units any more. */
  readonly failedClients: ClientList;
}

/** Units that were counted by the caller. */
export interface PartCounts {
  readonly version: Version;
  readonly stratum: Stratum;
  readonly units: number;
  readonly bad: number;
}

const nothingOpen = { client: null, request: null, probe: null };
export const emptyPart: Part = { evidence: noEvidence, open: nothingOpen, failedClients: [] };

/** What was counted together stays together: closing is for whoever has added all of it. */
export function addCounts(part: Part, { version, stratum, units, bad }: PartCounts, now: number): Part {
  const bucket = part.open[stratum] ?? openBucket(now);
  return { ...part, open: { ...part.open, [stratum]: addUnits(bucket, version, units, bad) } };
}

/** A single call: before and after it its bucket is closed if it is due. `client` null: it is a unit by itself. */
export interface PartCall {
  readonly version: Version;
  readonly client: string | null;
  readonly bad: boolean;
  /** When its outcome became final. */
  readonly at: number;
}

export function addCall(before: Part, call: PartCall): Part {
  const { version, client, at } = call;
  const stratum = stratumOf(call);
  const part = closeIfDue(before, stratum, at);
  const counts = { version, stratum, units: 1, bad: call.bad ? 1 : 0 };
  const added = client === null ? addCounts(part, counts, at) : addClient(part, version, { client, bad: call.bad }, at);
  return closeIfDue(added, stratum, at);
}

/** A client is at most one unit per bucket, and none after its first bad outcome. */
export function addClient(part: Part, version: Version, call: { client: string; bad: boolean }, now: number): Part {
  if (part.failedClients.includes(call.client)) return part;
  const bucket = part.open.client ?? openBucket(now);
  const known = bucket.clients.includes(call.client);
  if (known && !call.bad) return part;
  const counted = addUnits(bucket, version, known ? 0 : 1, call.bad ? 1 : 0);
  const clients = known ? bucket.clients : [...bucket.clients, call.client];
  return {
    ...part,
    open: { ...part.open, client: { ...counted, clients } },
    failedClients: call.bad ? remember(part.failedClients, call.client) : part.failedClients,
  };
}

/** Takes the buckets that are due, or with `all` every one, into the evidence. The same object if there is none. */
export function closeBuckets(part: Part, now: number, all = false): Part {
  return strata.reduce((next, stratum) => (all ? close(next, stratum) : closeIfDue(next, stratum, now)), part);
}

/** A bucket is to be taken into the evidence now. */
export function hasDue({ open }: Part, now: number): boolean {
  return open !== nothingOpen && strata.some((stratum) => open[stratum] !== null && isDue(open[stratum], now));
}

function closeIfDue(part: Part, stratum: Stratum, at: number): Part {
  const bucket = part.open[stratum];
  return bucket !== null && isDue(bucket, at) ? close(part, stratum) : part;
}

function close(part: Part, stratum: Stratum): Part {
  const bucket = part.open[stratum];
  if (bucket === null) return part;
  return { ...part, evidence: addBucket(part.evidence, bucket.tallies), open: { ...part.open, [stratum]: null } };
}

/** Everything since the test began, with what is in open buckets. */
export function talliesOf(part: Part): Tallies {
  return strata.reduce((sum, stratum) => {
    const bucket = part.open[stratum];
    return bucket === null ? sum : sumOf(sum, bucket.tallies);
  }, part.evidence.tallies);
}
