import { runHistory, type HistoryOptions, type HistoryResult } from './history.ts';
import type { Program } from './program.ts';
import { randomProgram } from './random-program.ts';
import { SeededChance } from './random.ts';
import { shrink } from './shrink.ts';

/** With `onlyGit` everything that is deployed is a commit: programs were made so once, and what they found is remembered by their seeds. */
export function programOf(seed: number, { onlyGit = false } = {}): Program {
  return randomProgram(seed, new SeededChance(seed), onlyGit);
}

interface Options extends Partial<Pick<HistoryOptions, 'trace' | 'sabotage'>> {
  readonly onlyGit?: boolean;
}

/** The history of a seed; the same each time. */
export function simulate(
  seed: number,
  { trace = null, sabotage, onlyGit = false }: Options = {},
): Promise<HistoryResult> {
  return runHistory({ program: programOf(seed, { onlyGit }), trace, ...(sabotage === undefined ? {} : { sabotage }) });
}

/** The smallest program found that fails in the first way in which the seed does, with what came of it. */
export async function simplify(seed: number): Promise<{ readonly program: Program; readonly result: HistoryResult }> {
  const whole = programOf(seed);
  const [first] = (await runHistory({ program: whole, trace: null })).findings;
  const program = await shrink(whole, async (smaller) => {
    const { findings } = await runHistory({ program: smaller, trace: null });
    return findings.some(({ code }) => code === first?.code);
  });
  return { program, result: await runHistory({ program, trace: null }) };
}
