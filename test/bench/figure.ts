/** One measured number with the bar it has to meet: a line of `bin/bench <name> --json`. */
export interface Figure {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** In words that can be read beside the value: "at most 1.5". */
  readonly bar: string;
  readonly ok: boolean;
}

export interface BenchOptions {
  /** Fewer rounds, for trying things out; bars on the number of rounds are lowered with them. */
  readonly quick: boolean;
  /** More rounds than usual, where a bench has more to show. */
  readonly full?: boolean;
  /** Names of the cases to be run, where a bench has several; all of them without it. */
  readonly only?: readonly string[];
  /** Every case, where a bench otherwise takes a sample of them. */
  readonly all?: boolean;
  /** What the sample is drawn by. */
  readonly seed?: string;
  /** How large the sample is. */
  readonly points?: number;
  /** How many histories are simulated, where that is not left to the bench. */
  readonly histories?: number;
  /** The seed of the first one. */
  readonly from?: number;
  /** Progress for the person who waits; goes to stderr. */
  readonly say: (line: string) => void;
}

/** What a file `test/bench/<name>.ts` exports as `run`. */
export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;

type Named = Pick<Figure, 'bench' | 'metric' | 'value' | 'unit'>;

export function atMost(bar: number, figure: Named): Figure {
  return { ...figure, bar: `at most ${bar}`, ok: figure.value <= bar };
}

export function atLeast(bar: number, figure: Named): Figure {
  return { ...figure, bar: `at least ${bar}`, ok: figure.value >= bar };
}

/** To be looked at; nothing is promised of it. */
export function reported(figure: Named): Figure {
  return { ...figure, bar: 'reported', ok: true };
}

/** The value below which the share of the samples lies (nearest rank). `share` from 0 to 1; NaN for no samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
