// oxlint-disable-next-line import/no-unassigned-import -- before everything that makes a signal
import './lean-signals.ts';
import type { OperatorLog } from '../../src/engine/ports/ports.ts';
import { ArmedFaults } from './armed-faults.ts';
import { Checker, type Finding } from './checker.ts';
import { ControlPlane } from './control-plane.ts';
import type { Fate } from './faulty-port.ts';
import { MemoryDatabase } from './memory/store/database.ts';
import { SimulatedProcess } from './process.ts';
import { isDatabase, type Program, type ProgramStep, type WorldFault } from './program.ts';
import { SeededChance } from './random.ts';
import type { Sabotage } from './sabotage.ts';
import { Stage } from './stage.ts';
import { Users } from './users.ts';
import { Visitors } from './visitors.ts';
import { settled, VirtualClock, whenSettled } from './virtual-clock.ts';

export interface HistoryOptions {
  readonly program: Program;
  /** Called with every call of a port, every word of the engine, and every step, with the time and who. */
  readonly trace: ((line: string) => unknown) | null;
  /** What is broken on purpose. */
  readonly sabotage?: Sabotage;
}

export interface HistoryResult {
  readonly seed: number;
  readonly findings: readonly Finding[];
  readonly operations: number;
  /** Of the operations: refused by a rule. */
  readonly refused: number;
  readonly faults: number;
  readonly crashes: number;
  /** Calls of ports. */
  readonly calls: number;
  readonly virtualMs: number;
}

/** By then everything must have come to its end, also what waits for evidence. */
const longestEndMs = 400_000;
/** Longer than what is wrong may last in the quiet (`Checker`). */
const restMs = 35_000;
/** What sleeps is awake long before that, and asleep again. */
const wakeMs = 35_000;
/** Whoever waits for something tries again at least this often. */
const retryMs = 5_000;
/** More in one history is a loop that does not end. */
const mostCalls = 400_000;
const databaseRetryMs = 250;

export async function runHistory(options: HistoryOptions): Promise<HistoryResult> {
  return new History(options).run();
}

/** Longer than it takes to set a route. */
const momentMs = 500;

/** One program from its beginning to the quiet after it. */
class History {
  readonly #program: Program;
  readonly #sabotage: Sabotage | null;
  readonly #tell: ((line: string) => void) | null;
  readonly #clock = new VirtualClock();
  readonly #chance: SeededChance;
  readonly #database = new MemoryDatabase();
  readonly #stage: Stage;
  readonly #faults = new ArmedFaults(({ ms }) => this.#expectTrouble(ms));
  readonly #users: Users;
  readonly #checker: Checker;
  readonly #visitors: Visitors;
  readonly #planes: ControlPlane[] = [];
  #owners = 0;
  #calls = 0;
  #crashes = 0;
  #worldFaults = 0;
  #databaseGone = 0;
  /** By then everything that has gone wrong so far is over. */
  #troubleEnds = 0;
  /** How long the next one that dies stays dead. */
  #deadForMs = 2_000;
  #over = false;

  constructor({ program, trace, sabotage }: HistoryOptions) {
    this.#sabotage = sabotage ?? null;
    this.#program = program;
    this.#database.sleepAfterMs = program.sleepAfterMs ?? null;
    this.#tell = trace === null ? null : (line) => trace(`${String(this.#clock.monotonic()).padStart(7)} ${line}`);
    this.#chance = new SeededChance(program.seed, 1);
    this.#stage = new Stage({ clock: this.#clock, chance: new SeededChance(program.seed, 2) });
    this.#users = new Users({
      clock: this.#clock,
      plane: () => this.#planes[0] ?? null,
      make: (project, what) => this.#stage.offers.make(project, what),
      trace: this.#tell,
    });
    this.#checker = new Checker({
      clock: this.#clock,
      database: this.#database,
      stage: this.#stage,
      users: this.#users,
    });
    this.#visitors = new Visitors({
      stage: this.#stage,
      database: this.#database,
      wasTrouble: (ms) => this.#troubleEnds > this.#clock.monotonic() - ms,
      onFailure: (what) => this.#checker.report('request_failed', what),
    });
  }

  async run(): Promise<HistoryResult> {
    this.#startPlane();
    const { projects, environments, settings, steps } = this.#program;
    void this.#users.create(projects, environments, settings);
    do await this.#pass(this.#clock.monotonic() + 100);
    while (this.#users.areWaiting);
    const began = this.#clock.monotonic();
    for (const step of steps) {
      await this.#pass(began + step.at);
      this.#visitors.come();
      this.#take(step);
      await settled();
    }
    await this.#quiet();
    this.#over = true;
    return {
      seed: this.#program.seed,
      findings: this.#checker.findings,
      operations: steps.filter((step) => 'operation' in step).length,
      refused: this.#users.refused,
      faults: this.#worldFaults + this.#faults.happened,
      crashes: this.#crashes,
      calls: this.#calls,
      virtualMs: this.#clock.monotonic(),
    };
  }

  /** Until that moment. */
  #pass(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const goOn = () => {
        try {
          if (this.#clock.advance(until)) whenSettled(look);
          else resolve();
        } catch (error) {
          reject(error);
        }
      };
      const look = () => {
        try {
          this.#checker.look();
        } catch (error) {
          reject(error);
          return;
        }
        if (this.#checker.isDone) resolve();
        else goOn();
      };
      whenSettled(goOn);
    });
  }

  /** Nothing more goes wrong, and a control plane works; then all must be as it should, for as long as nothing may be left behind. */
  async #quiet(): Promise<void> {
    this.#tell?.('--- quiet');
    this.#faults.disarm();
    // Whoever stands still goes on, whoever is dead is started, and what is rolled out comes to its end.
    const ends = this.#clock.monotonic() + longestEndMs;
    const goesOn = () => this.#clock.monotonic() < ends && !this.#checker.isAtRest;
    do {
      do await this.#pass(Math.max(this.#troubleEnds, this.#clock.monotonic()) + retryMs);
      while (goesOn());
      this.#tell?.('--- rest');
      this.#checker.expectRest();
      await this.#pass(this.#clock.monotonic() + restMs);
      // What was held may have been taken back since, and what waited for it begun.
    } while (goesOn());
    await this.#conclude();
    // Whatever sleeps by now wakes for whoever comes.
    this.#visitors.come(true);
    await this.#pass(this.#clock.monotonic() + wakeMs);
    await this.#conclude();
    this.#tell?.('--- end');
  }

  /** What was recorded in this very moment has not come to the router yet. */
  async #conclude(): Promise<void> {
    if (this.#checker.routesThatDiffer().length > 0) await this.#pass(this.#clock.monotonic() + momentMs);
    this.#checker.conclude();
  }

  #take(step: ProgramStep): void {
    if ('operation' in step) {
      this.#tell?.(`user: ${JSON.stringify(step.operation)}`);
      void this.#users.do(step.operation);
      return;
    }
    const { fault } = step;
    this.#tell?.(`fault: ${JSON.stringify(fault)}`);
    if (fault.kind === 'call') this.#faults.arm(fault);
    else this.#befall(fault);
  }

  #befall(fault: WorldFault): void {
    this.#worldFaults += 1;
    if ('ms' in fault && fault.kind !== 'clock-jump') this.#expectTrouble(fault.ms + 1_000);
    const plane = this.#planes[0];
    switch (fault.kind) {
      case 'crash':
        this.#deadForMs = fault.ms;
        return plane?.fate.process.kill();
      case 'stop':
      case 'suspend':
        return plane?.fate.process.standStill(fault.ms, fault.kind === 'suspend');
      case 'second-plane': {
        const second = this.#startPlane();
        return this.#clock.at(fault.ms, () => this.#shutDown(second));
      }
      case 'database-gone':
        return this.#loseDatabase(fault.ms);
      case 'reboot':
        this.#deadForMs = fault.ms + 1_000;
        // The dead leave the list.
        for (let one = plane; one !== undefined; one = this.#planes[0]) one.fate.process.kill();
        return this.#stage.befall(fault);
      case 'clock-jump':
        return this.#clock.jump(fault.ms);
      case 'dockerd-restart':
      case 'router-restart':
      case 'kill-container':
      case 'remove-container':
        return this.#stage.befall(fault);
    }
  }

  #expectTrouble(ms: number): void {
    this.#troubleEnds = Math.max(this.#troubleEnds, this.#clock.monotonic() + ms);
  }

  #loseDatabase(ms: number): void {
    this.#databaseGone += 1;
    for (const { owner } of this.#planes) this.#database.endSession(owner);
    this.#clock.at(ms, () => {
      this.#databaseGone -= 1;
      if (this.#databaseGone > 0) return;
      for (const plane of this.#planes)
        this.#clock.at(databaseRetryMs, () => plane.fate.process.pass(() => plane.listen()));
      if (this.#planes.length === 0) this.#startPlane();
    });
  }

  #startPlane(): ControlPlane {
    this.#owners += 1;
    const owner = this.#owners;
    const process = new SimulatedProcess(this.#clock);
    const trace = this.#tell === null ? null : (line: string) => this.#tell?.(`[${owner}] ${line}`);
    trace?.('*** starts');
    const fate: Fate = {
      process,
      clock: this.#clock,
      faults: this.#faults,
      travelMs: () => this.#travelMs(),
      isGone: (port) => this.#databaseGone > 0 && isDatabase(port),
      trace,
    };
    const { world } = this.#stage;
    const plane = new ControlPlane(
      { world, database: this.#database, chance: this.#chance, sabotage: this.#sabotage },
      {
        owner,
        fate,
        log: this.#logOf(process, trace),
        onBreach: (id) => this.#checker.report('wrote_without_lease', `deployment ${id}`),
        onUnrecorded: (what) => this.#checker.report('done_before_recorded', what),
      },
    );
    process.death.addEventListener('abort', () => this.#died(plane, trace), { once: true });
    this.#planes.push(plane);
    plane.run().catch((error: unknown) => this.#checker.report('engine_broke', String(error)));
    return plane;
  }

  #died(plane: ControlPlane, trace: Fate['trace']): void {
    trace?.('*** dies');
    this.#crashes += 1;
    this.#planes.splice(this.#planes.indexOf(plane), 1);
    const deadForMs = this.#deadForMs;
    this.#expectTrouble(deadForMs);
    this.#deadForMs = 500 + Math.floor(this.#chance.number() * 12_000);
    this.#clock.at(deadForMs, () => {
      if (this.#planes.length === 0 && this.#databaseGone === 0) this.#startPlane();
    });
  }

  #shutDown(plane: ControlPlane): void {
    // Somebody must go on working.
    if (this.#planes.length < 2 || !this.#planes.includes(plane)) return;
    this.#tell?.(`[${plane.owner}] *** is shut down`);
    this.#planes.splice(this.#planes.indexOf(plane), 1);
    plane.shutDown();
  }

  #travelMs(): number {
    this.#calls += 1;
    if (this.#calls > mostCalls && !this.#over) throw new Error(`more than ${mostCalls} calls`);
    const { jitterMs } = this.#program;
    return jitterMs === 0 ? 0 : Math.floor(this.#chance.number() * jitterMs);
  }

  #logOf(process: SimulatedProcess, trace: Fate['trace']): OperatorLog {
    const say = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      // The dead say nothing.
      if (process.isDead) return;
      trace?.(`${level}: ${message} ${JSON.stringify(fields)}`);
      this.#checker.heard(level, fields, message);
    };
    return { info: say('info'), warn: say('warn'), error: say('error') };
  }
}
