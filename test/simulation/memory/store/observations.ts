import { isFinal } from '../../../../src/domain/deployment-state.ts';
import type { Measurements } from '../../../../src/domain/measurements.ts';
import { leadsTo } from '../../../../src/domain/route.ts';
import type {
  ObservationNote,
  ObservationStore,
  OpenObservation,
  TrafficMove,
} from '../../../../src/engine/ports/observation-store.ts';
import { readRecord, readRoute, slotOf } from './deployment-records.ts';
import { changeDeployment } from './deployment-rows.ts';
import { closeObservation, openObservationOf } from './observation-rows.ts';
import type { ObservationRow } from './rows.ts';
import { appendTimeline, isAbandoned, isoTime, type Connection, type Transaction } from './transaction.ts';

export function memoryObservationStore(connection: Connection): ObservationStore {
  return {
    claim: (owner, leaseMs) => connection.transact((tx) => claim(tx, owner, leaseMs)),
    moveTraffic: (move) => connection.transact((tx) => moveTraffic(tx, move)),
    note: (deploymentId, note) => connection.transact((tx) => keepNote(tx, deploymentId, note)),
    measured: (deploymentId, measurements) =>
      connection.transact((tx) => {
        if (tx.db.observations.get(deploymentId)?.closedAt == null) addMeasurements(tx, deploymentId, measurements);
      }),
    close: (deploymentId, { outcome, message, measurements }) =>
      connection.transact((tx) => {
        const observed = tx.db.deployments.get(deploymentId);
        if (observed === undefined || !closeObservation(tx, observed, { outcome, message })) return false;
        addMeasurements(tx, deploymentId, measurements);
        return true;
      }),
  };
}

function claim(tx: Transaction, owner: number, leaseMs: number): readonly OpenObservation[] {
  const { observations } = tx.db;
  const open = observations.groups('open').flatMap((environmentId) => observations.where('open', environmentId));
  return open
    .filter(
      (row) =>
        row.owner === owner ||
        (tx.db.sessions.has(owner) && isAbandoned(tx, { owner: row.owner, until: row.leaseUntil })),
    )
    .map((row) => readOpen(tx, take(tx, row, { owner, leaseMs })))
    .filter((observation) => observation !== null);
}

/** Time in which nobody looked does not count. */
function take(
  { db, now }: Transaction,
  row: ObservationRow,
  { owner, leaseMs }: { readonly owner: number; readonly leaseMs: number },
): ObservationRow {
  const unseenMs = Math.max(0, now - (row.leaseUntil ?? row.switchedAt ?? now));
  const endsAt = row.endsAt === null ? null : row.endsAt + unseenMs;
  const taken = { ...row, owner, leaseUntil: now + leaseMs, endsAt };
  db.observations.put(row.deploymentId, taken);
  return taken;
}

function readOpen(tx: Transaction, row: ObservationRow): OpenObservation | null {
  const fresh = readRecord(tx, row.deploymentId);
  const standby = row.standbyId === null ? null : readRecord(tx, row.standbyId);
  const route = readRoute(tx, row.environmentId);
  if (fresh === null || route === null) return null;
  return {
    fresh,
    standby: standby === null || isFinal(standby.deployment.state) ? null : standby,
    route: route.target,
    hosts: route.hosts,
    openedAt: isoTime(row.openedAt),
    switchedAt: row.switchedAt === null ? null : isoTime(row.switchedAt),
    endsAt: row.endsAt === null ? null : isoTime(row.endsAt),
    leftMs: row.endsAt === null ? null : row.endsAt - tx.now,
    view: row.view,
  };
}

function moveTraffic(tx: Transaction, { deploymentId, owner, target, timeline }: TrafficMove): boolean {
  const { db } = tx;
  const observed = db.deployments.get(deploymentId);
  if (observed === undefined || observed.fence === null) return false;
  if (openObservationOf(tx, deploymentId)?.owner !== owner) return false;
  const { environmentId } = observed.deployment;
  const before = db.routes.get(environmentId);
  // Where somebody has stopped what serves, there is no traffic to move.
  if (before === undefined || before.fence > observed.fence || before.target.mode === 'paused') return false;
  const own = slotOf(db, deploymentId);
  // Whoever took it back has taken its traffic: no share is given to it again.
  if (own !== null && leadsTo(target, own) && !leadsTo(before.target, own)) return false;
  db.routes.put(environmentId, { fence: observed.fence, target, revision: db.nextSerial() });
  appendTimeline(tx, observed, timeline);
  db.tell(deploymentId);
  return true;
}

function keepNote(tx: Transaction, deploymentId: string, note: ObservationNote): void {
  const { db } = tx;
  const { view, measurements, timeline = [], extendMs = 0 } = note;
  const observed = db.deployments.get(deploymentId);
  if (observed === undefined) return;
  const open = openObservationOf(tx, deploymentId);
  if (open !== null) {
    const endsAt = open.endsAt === null ? null : open.endsAt + extendMs;
    db.observations.put(deploymentId, { ...open, view: view ?? open.view, endsAt });
    addMeasurements(tx, deploymentId, measurements);
  }
  // What happens after the end is told all the same: whether a rollback was right is known a minute later.
  if (timeline.length === 0) return;
  appendTimeline(tx, observed, timeline);
  db.tell(deploymentId);
}

function addMeasurements(
  { db }: Transaction,
  deploymentId: string,
  measurements: Partial<Measurements> | undefined,
): void {
  const row = db.deployments.get(deploymentId);
  if (row === undefined || measurements === undefined) return;
  changeDeployment(db, row, {
    deployment: { measurements: { ...row.deployment.measurements, ...measurements } },
  });
}
