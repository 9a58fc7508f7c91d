import { inspect, type Inspection, type Tolerances } from '../../src/domain/invariants.ts';
import { isFinal } from '../../src/domain/deployment-state.ts';
import type { AcceptedTrigger } from '../../src/domain/platform-snapshot.ts';
import { sameRoute } from '../../src/domain/route.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import type { DeploymentRow } from './memory/store/rows.ts';
import { exposedIn } from './exposed-words.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Stage } from './stage.ts';
import type { Users } from './users.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Something that must never be, and was. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  /** Virtual ms from the beginning. */
  readonly at: number;
}

interface CheckerOptions {
  readonly clock: VirtualClock;
  readonly database: MemoryDatabase;
  readonly stage: Stage;
  readonly users: Users;
}

/** Between two looks at everything. */
const inspectionMs = 10_000;
/** Between two looks at what a visitor would be answered: so many moments at which something happened. */
const momentsPerVisit = 3;
/** While things go wrong again and again, only what is wrong at once is wrong. */
const patient: Tolerances = { orphanMs: Infinity, settleMs: Infinity, unledMs: Infinity, stuckMs: Infinity };
/** In the quiet: less than in production, for nothing takes long here. */
const strict: Tolerances = { orphanMs: 30_000, settleMs: 30_000, unledMs: 30_000, stuckMs: 420_000 };
const mostFindings = 20;

/** Looks at the whole platform, while a history goes on and after it. */
export class Checker {
  readonly findings: Finding[] = [];
  readonly #options: CheckerOptions;
  readonly #seen = new Set<string>();
  #inspection: Inspection | null = null;
  #inspectedAt = 0;
  #moments = 0;
  #tolerances = patient;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  /** There is no need to go on. */
  get isDone(): boolean {
    return this.findings.length >= mostFindings;
  }

  report(code: string, message: string): void {
    if (this.#seen.has(`${code} ${message}`)) return;
    this.#seen.add(`${code} ${message}`);
    this.findings.push({ code, message, at: this.#options.clock.monotonic() });
  }

  /** Something the engine said. What it did not expect is a fault of its own. */
  heard(level: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    const error = typeof fields['error'] === 'string' ? fields['error'] : '';
    for (const secret of this.#options.users.secrets)
      if (message.includes(secret) || JSON.stringify(fields).includes(secret))
        this.report('secret_exposed', `the operator's log: ${message}`);
    if (level === 'info' || !/^(Error|TypeError|RangeError|ReferenceError)\b/.test(error)) return;
    if (expected.test(error)) return;
    this.report('unexpected_error', `${message}: ${error.split('\n', 3).join(' ')}`);
  }

  look(): void {
    const { clock, stage, database } = this.#options;
    this.#moments += 1;
    if (this.#moments % momentsPerVisit !== 0) return;
    for (const fault of stage.failingVisitors(database)) this.report('visitor_failed', fault);
    if (clock.monotonic() - this.#inspectedAt >= inspectionMs) this.#inspect();
  }

  /** Nothing is rolled out or observed, and nothing waits for that, but where somebody holds it. */
  get isAtRest(): boolean {
    const { database, users } = this.#options;
    if (users.areWaiting || !database.deployments.all().every((row) => this.#unfinished(row) === null)) return false;
    return database.observations.groups('open').every((environmentId) => this.#isHeld(environmentId));
  }

  /** Somebody has paused what is rolled out there. */
  #isHeld(environmentId: string): boolean {
    const live = this.#options.database.deployments.where('live', environmentId);
    return live.some(({ deployment: { state, pausedFrom } }) => state === 'paused' && pausedFrom !== 'completed');
  }

  /** From now on nothing goes wrong any more. */
  expectRest(): void {
    this.#tolerances = strict;
    if (this.#inspection !== null) this.#inspection = { ...this.#inspection, suspicions: [], violations: [] };
    this.#inspect();
  }

  conclude(): void {
    this.#inspect();
    const { database, stage, users } = this.#options;
    for (const row of database.deployments.all()) {
      const fault = this.#unfinished(row);
      const { projectName, number, state } = row.deployment;
      if (fault !== null) this.report('not_converged', `${projectName} #${number} is ${state}: ${fault}`);
    }
    this.#checkRoutes();
    if (users.areWaiting) this.report('unanswered', 'somebody still waits for an answer');
    for (const left of stage.leftovers(database)) this.report('left_behind', left);
    for (const { code, subject, message } of exposedIn(stage.world.logs, database, users.secrets))
      this.report(code, `${subject}: ${message}`);
  }

  #inspect(): void {
    const { clock, database, stage } = this.#options;
    this.#inspectedAt = clock.monotonic();
    const moment = { at: clock.monotonic(), now: clock.now(), triggers: this.#triggers() };
    const snapshot = takeSnapshot(database, stage.existing(), moment);
    this.#inspection = inspect(snapshot, this.#inspection, this.#tolerances);
    for (const { code, subject, message } of this.#inspection.violations) {
      // Of an app that ends again and again nothing may be in rotation for a while.
      if (code === 'route_to_nothing' && stage.isAppsFaultAt(database, subject.replace('host ', ''))) continue;
      this.report(code, `${subject}: ${message}`);
    }
  }

  #triggers(): readonly AcceptedTrigger[] {
    return this.#options.users.asked
      .filter(({ deploymentIds }) => deploymentIds.size > 0)
      .map(({ environmentId, deploymentIds }) => ({ environmentId, deploymentIds: [...deploymentIds] }));
  }

  /** null: it is over, or as somebody wants it to be. */
  #unfinished({ deployment, want, acting }: DeploymentRow): string | null {
    const { database } = this.#options;
    const { id, environmentId, state, pausedFrom } = deployment;
    if (isFinal(state)) return null;
    const current = database.environments.get(environmentId)?.environment.currentDeploymentId ?? null;
    const open = database.observations.where('open', environmentId);
    const held = this.#isHeld(environmentId);
    if (want !== null) return `"${want}" is wanted and not done`;
    if (acting) return 'somebody still acts on it';
    // Whoever is held may have to go back to what served before, or was paused before.
    if (state === 'paused')
      return pausedFrom === 'completed' && current !== id && !held ? 'it is paused, and not current' : null;
    if (state === 'pending') return held ? null : 'nothing keeps it waiting';
    if (state === 'completed') {
      const isStandby = open.some(({ standbyId }) => standbyId === id);
      return current === id || held || isStandby ? null : 'it does not serve any more';
    }
    return 'it should have come to an end';
  }

  /** Routes that are not as recorded. Also when nothing happens they are set by the clock, as when requests need not be told of any more. */
  routesThatDiffer(): readonly string[] {
    const { database, stage } = this.#options;
    const found = new Map(stage.existing().routes.map(({ host, target }) => [host, target]));
    return database.environments.all().flatMap(({ environment }) => {
      const target = database.routes.get(environment.id)?.target ?? null;
      return environment.hosts
        .filter((host) => !sameRoute(found.get(host) ?? null, target))
        .map((host) => `${host}: ${JSON.stringify(found.get(host))} is not ${JSON.stringify(target)}`);
    });
  }

  #checkRoutes(): void {
    for (const { environment, deleting } of this.#options.database.environments.all())
      if (deleting) this.report('not_converged', `${environment.name} is still being deleted`);
    for (const difference of this.routesThatDiffer()) this.report('route_differs', difference);
  }
}

/** Said of what nobody wants any more. */
const expected = /the control plane is stopping|was erased while it was (led|deployed to)|shut down/;
