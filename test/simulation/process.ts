import type { MachineClock } from '../../src/engine/ports/clock.ts';
import type { VirtualClock } from './virtual-clock.ts';

type State = 'runs' | 'stands-still' | 'dead';

/**
 * The life of one control plane's process: what reaches it while it stands still it takes in when it goes on, and what reaches it when
 * it is dead nobody ever hears of.
 */
export class SimulatedProcess {
  readonly #clock: VirtualClock;
  readonly #death = new AbortController();
  #state: State = 'runs';
  #waiting: (() => void)[] = [];
  #unsent: (() => void)[] = [];
  #stoodStill = 0;
  #standstills = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#state === 'runs';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Aborted when it dies: what others hold open for it ends. */
  get death(): AbortSignal {
    return this.#death.signal;
  }

  /** Its own view of time. */
  readonly clock: MachineClock = {
    now: () => this.#clock.now(),
    monotonic: () => this.#clock.monotonic() - this.#stoodStill,
    uptime: () => this.#clock.uptime(),
    sleep: (ms, signal) => this.#clock.sleep(ms, signal, (work) => this.pass(work)),
  };

  /** Does it as soon as the process runs. */
  pass(work: () => void): void {
    if (this.#state === 'runs') work();
    else if (this.#state === 'stands-still') this.#waiting.push(work);
  }

  /**
   * Does what it asks of others as soon as it runs, but not before it has taken in what came meanwhile: whoever stood still for too long
   * learns first that its leases have run out.
   */
  send(work: () => void): void {
    if (this.#state === 'runs') work();
    else if (this.#state === 'stands-still') this.#unsent.push(work);
  }

  /** Nothing of it happens for so long; with `clockToo` it does not even know that. */
  standStill(ms: number, clockToo: boolean): void {
    if (this.#state === 'dead') return;
    this.#state = 'stands-still';
    this.#standstills += 1;
    const standstill = this.#standstills;
    const began = this.#clock.monotonic();
    this.#clock.at(ms, () => {
      if (clockToo) this.#stoodStill += this.#clock.monotonic() - began;
      if (standstill === this.#standstills) this.#goOn();
    });
  }

  kill(): void {
    this.#state = 'dead';
    this.#waiting = [];
    this.#death.abort(new Error('the control plane was killed'));
  }

  #goOn(): void {
    if (this.#state !== 'stands-still') return;
    this.#state = 'runs';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) this.pass(work);
    const unsent = this.#unsent;
    this.#unsent = [];
    process.nextTick(() => {
      for (const work of unsent) this.send(work);
    });
  }
}
