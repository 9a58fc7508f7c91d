import type { ArmedFault, CallFault } from './program.ts';

interface Armed {
  readonly fault: ArmedFault;
  left: number;
}

/** What means nothing for a call: these have no answer to lose, or could not be done twice by any network. */
const impossible: readonly { readonly calls: RegExp; readonly what: readonly CallFault[] }[] = [
  { calls: /^(database|queries|records|observations|configuration|builder|logs|prober)\./, what: ['twice'] },
  // Their answer is what other calls tell, or what a transaction is for.
  { calls: /^(planner|appConfig|secretBox)\./, what: ['fail', 'hang', 'lose-answer', 'twice'] },
];

/** Faults that wait for the call that they happen to. Several may be armed at once; each happens once. */
export class ArmedFaults {
  #armed: readonly Armed[] = [];
  readonly #onFault: (fault: ArmedFault) => void;
  happened = 0;

  constructor(onFault: (fault: ArmedFault) => void) {
    this.#onFault = onFault;
  }

  arm(fault: ArmedFault): void {
    this.#armed = [...this.#armed, { fault, left: fault.skip }];
  }

  /** Nothing more happens: the quiet has begun. */
  disarm(): void {
    this.#armed = [];
  }

  /** The fault of this call, if it has one. */
  take(name: string): ArmedFault | null {
    if (this.#armed.length === 0) return null;
    for (const armed of this.#armed) {
      const { call, what } = armed.fault;
      if ((call !== '*' && call !== name) || isImpossible(name, what)) continue;
      armed.left -= 1;
      if (armed.left >= 0) continue;
      this.#armed = this.#armed.filter((other) => other !== armed);
      this.happened += 1;
      this.#onFault(armed.fault);
      return armed.fault;
    }
    return null;
  }
}

function isImpossible(name: string, what: CallFault): boolean {
  return impossible.some((one) => one.what.includes(what) && one.calls.test(name));
}
